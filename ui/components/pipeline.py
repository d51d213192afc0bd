"""The pipeline strip: text to next token, with live shapes; each station is a link."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ui.components.core import renderer


@dataclass(frozen=True)
class Station:
    """One station: its name, what it shows, the live detail under it, and the title of the page it leads to."""

    name: str
    title: str
    detail: str
    page: str


def pipeline(
    stations: Sequence[Station], *, active: Collection[str], provenance: str, sentence: str, words: Mapping[str, Any], key: str
) -> None:
    """Draw the strip with the ``active`` stations lit.

    ``provenance`` goes into the names of all figures that are taken away; ``words`` are title, take and columns (two).
    ``sentence`` (``Reading.scope``): a station lights up with the parts of the model that the page's other components show.
    """
    data = {
        "stations": [asdict(s) for s in stations], "active": list(active), "provenance": provenance, "sentence": sentence,
        "words": dict(words),
    }  # fmt: skip
    renderer("pipeline")(data=data, key=key)
