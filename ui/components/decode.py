"""The decoding panel: from the logits of the whole vocabulary to the token drawn, with sliders that compute in the browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ui.components.core import linked, pack, renderer


def decode_panel(
    logits: np.ndarray,
    texts: Mapping[int, str],
    *,
    key: str,
    label: str,
    name: str,
    seen: Sequence[int],
    randoms: Sequence[float],
    values: Mapping[str, Any],
    ack: str | None,
    words: Mapping[str, Any],
    sentence: str | None = None,
) -> None:
    """Draw the panel. A request of the reader is left in ``st.session_state[key]["act"]``: settings, draw or choose.

    Args:
        logits: (V,) float32, the model's scores of the next token.
        texts: id -> text for every token that can come into view; others show as their id.
        name: what distinguishes these logits from others, and the name of saved files.
        seen: the ids so far, on which the repetition penalty falls.
        randoms: the coming random numbers; the first is the one that ``values["skip"]`` points at.
        values: the settings (``Settings.to_dict``); ``ack`` names the last request that they take into account.
        words: the panel's texts.
        sentence: candidates light up wherever else this sentence (``Reading.scope``) is shown.
    """
    header = {
        "name": "decoding", "prepared": name, "label": label, "texts": {str(i): t for i, t in texts.items()},
        "seen": sorted(set(seen)),
        "randoms": [float(u) for u in randoms], "values": dict(values), "ack": ack, "words": dict(words),
        **linked(sentence),
    }  # fmt: skip
    data = pack(header, logits=np.asarray(logits, dtype=np.float32))
    renderer("decode")(data=data, key=key, default={"act": None}, on_act_change=lambda: None)
