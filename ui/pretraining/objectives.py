"""Masked and causal side by side: filling a blank, what training asked, two attention shapes, two losses, and going on."""

from __future__ import annotations

import streamlit as st
import torch

from llm.objectives import IGNORED, usual_objective
from ui import page as page_parts
from ui import snippets_objectives as snippets
from ui.components.blank import Side, blank
from ui.components.tokens import token_strip
from ui.pretraining.continuing import continue_card
from ui.pretraining.ending import ending_card
from ui.pretraining.losses import losses_card
from ui.pretraining.pair import Pair, pair_of
from ui.pretraining.shapes import shapes_card
from ui.state import TEXT
from ui.tokens import chips

WIDE = [1.55, 1]
DRAW = "objectives-draw"


def show(here: page_parts.Page) -> None:
    """One comparison at a time, for the bench's sentence in the box's causal and masked models, and the experiment."""
    pair = pair_of(here)
    if pair.cut:
        st.info(here["blank.cut"].format(limit=len(pair.ids)), icon=":material/info:")
    view = page_parts.choose_view(here, list(VIEWS), "compare")
    VIEWS[view](pair)
    ending_card(pair)


def _blank_view(pair: Pair) -> None:
    left, right = st.columns(WIDE, gap="medium")
    with left:
        _blank_card(pair)
    with right:
        _question(pair)
        _asked_card(pair)


def _blank_card(pair: Pair) -> None:
    """Any token hidden, and both models' guesses."""
    words = pair.page["blank"]
    with page_parts.card("objectives-blank", words["title"], words["caption"]):
        sides = (
            Side(words["both"], words["both_reads"], True, pair.both),
            Side(words["left"], words["left_reads"], False, pair.left),
        )
        place = blank(
            pair.masked.chips, sides, pair.label, words["words"], key=f"objectives-blank-{pair.name}",
            label=words["label"], mask_id=pair.mask_id, picked=pair.place,
        )  # fmt: skip
        pair.remember(place)
        if pair.page.reading.sentence != words["example_text"]:
            st.button(words["example"], key="objectives-example", on_click=_use_example, args=(words["example_text"],))
        models = words["model_of"].format(masked=pair.masked.provenance, causal=pair.causal.provenance)
        st.caption(models)
        rows = [
            [t + 1, chip.label, float(pair.both.own[t]), float(pair.left.own[t])] for t, chip in enumerate(pair.masked.chips)
        ]  # fmt: skip
        header = ["place", *words["words"]["columns"]]
        page_parts.take_away(pair.page, "blank", header=header, rows=rows, code=snippets.blank_code(pair))


def _use_example(text: str) -> None:
    st.session_state[TEXT] = text


def _question(pair: Pair) -> None:
    count = len(pair.ids)
    better = int((pair.both.own > pair.left.own).sum())
    option = 2 if better == count else 1 if 2 * better >= count else 0
    page_parts.predict(
        pair.page, "better", option, pair.page["better.reveal"], better=better, count=count,
        both=float(pair.both.surprise.mean()), left=float(pair.left.surprise.mean()),
    )  # fmt: skip


def _asked_card(pair: Pair) -> None:
    """What one step of training would ask of this sentence, for both objectives, by the functions that training uses."""
    words, count = pair.page["asked"], len(pair.ids)
    with page_parts.card("objectives-asked", words["title"], words["caption"]):
        page_parts.prose(words["causal"], count=count - 1)
        token_strip(pair.causal.chips, key="objectives-asked-causal", marks=dict.fromkeys(range(1, count), "accent"))
        draw = st.session_state.setdefault(DRAW, 0)
        shown, targets = _masked_question(pair, draw)
        places = [t for t in range(count) if targets[t] != IGNORED]
        page_parts.prose(words["masked"], count=len(places))
        said = [_how(pair, shown[t], targets[t]) for t in range(count)]
        drawn = chips(pair.masked.tokenizer, shown)
        marks = dict.fromkeys(places, "accent")
        token_strip(drawn, key="objectives-asked-masked", marks=marks, words=[*said, words["how"]["hint"]])
        st.button(words["again"], key="objectives-draw-again", icon=":material/refresh:", on_click=_draw_again)


def _draw_again() -> None:
    st.session_state[DRAW] += 1


def _masked_question(pair: Pair, draw: int) -> tuple[list[int], list[int]]:
    """Inputs and targets (T,) as the masked objective makes them."""
    objective = usual_objective(pair.masked.config, pair.masked.tokenizer.special)
    shown, targets = objective.hide(torch.tensor([pair.ids]), torch.Generator().manual_seed(draw))
    return shown[0].tolist(), targets[0].tolist()


def _how(pair: Pair, shown: int, target: int) -> str:
    """In words what was done to a place."""
    how = "none" if target == IGNORED else "mask" if shown == pair.mask_id else "kept" if shown == target else "random"
    token = shown if target == IGNORED else target
    return pair.page["asked.how"][how].format(token=pair.label(token), shown=pair.label(shown))


VIEWS = {"blank": _blank_view, "shapes": shapes_card, "losses": losses_card, "continue": continue_card}
