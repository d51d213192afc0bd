"""How a run is presented and stored: what the command line can ask for beyond the run itself."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from llm.files import read_json, write_json

FILE = "output.json"


@dataclass(frozen=True)
class Output:
    """Names and texts for the finished model's ``meta.json`` and ``card.md``, and the number formats of its files.

    ``samples`` are prompts that the card continues, at ``temperature``; ``about`` is Markdown for it.
    """

    title: str = ""
    summary: str = ""
    default_text: str = ""
    command: str = ""
    about: str = ""
    samples: tuple[str, ...] = ()
    temperature: float = 0.8
    dtype: str = "float32"
    snapshot_dtype: str = "float16"
    log_every: int = 1

    def save(self, folder: Path) -> None:
        """Keep it beside the run, for a resume."""
        write_json(folder / FILE, asdict(self))

    @classmethod
    def load(cls, folder: Path) -> Output:
        """What was saved; the defaults where nothing was."""
        try:
            values: dict[str, Any] = read_json(folder / FILE)
        except ValueError:
            return cls()
        known = {f.name for f in fields(cls)}
        values = {name: value for name, value in values.items() if name in known}
        return cls(**{**values, "samples": tuple(values.get("samples", ()))})
