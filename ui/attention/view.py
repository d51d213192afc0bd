"""The drawing parts of the Attention page: the pattern at each step, where a cell comes from, all heads, heads switched off."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from llm.interpret.attention_steps import HeadSteps, strongest_other
from llm.interpret.comparison import top_changes
from llm.interpret.detectors import EVEN, NEARBY, THRESHOLD, HeadScores, label
from llm.interpret.held_out import TEXTS
from ui import cached_attention as computed
from ui import locked
from ui.attention import cell as cell_parts
from ui.components.before_after import before_after
from ui.components.heads import head_grid
from ui.components.ledger import Line, ledger, spans
from ui.components.lines import attention_lines
from ui.components.matrix import matrix
from ui.components.tokens import token_strip
from ui.components.vectors import vectors
from ui.numbers import digits
from ui.page import Page, predict, prose, provenance, take_away
from ui.state import HEAD, LAYER, Reading
from ui.text import load, plain
from ui.tokens import token_label

Words = Mapping[str, Any]
Cell = tuple[int, int]
OFF_MODE = "attention-off-mode"
ROOMY = 6  # up to so many heads a layer, thumbnails have room for the number beside the name
NUMBERED = 8  # up to so many tokens every cell shows its number


def choice(words: Mapping[str, str], options: Sequence[str], default: str, key: str, **values: Any) -> str:
    """A segmented control that always has a value, also when the model changes and an option goes away."""
    if st.session_state.get(key) not in options:
        st.session_state[key] = default
    return st.segmented_control(
        words["label"], options, key=key, format_func=lambda option: words[option].format(**values), required=True,
        label_visibility="collapsed", width="content",
    )  # fmt: skip


def hear(now: Reading) -> None:
    """Lock what the tokens, the matrix or the lines report."""
    locked.hear(now.scope, "attention-chips", "picked")
    for name in ("matrix", "lines"):
        locked.hear(now.scope, f"attention-{name}-{head_key(now)}", "cell")


def first_cell(now: Reading, steps: HeadSteps) -> Cell:
    """The locked cell, or the strongest of the locked token's row (the last one where nothing is locked) beside the diagonal."""
    lock = locked.of(now.scope)
    if lock and lock.key is not None:
        return lock.token, lock.key
    return strongest_other(steps.pattern, lock.token if lock else len(now.ids) - 1)


def head_key(now: Reading) -> str:
    """A short name for this head on this sentence: what a picture reports belongs to it."""
    return f"{now.scope}-{now.layer}-{now.head}-{locked.current_round()}"


def heading(words: Words, now: Reading, scores: HeadScores) -> None:
    """Layer and head, and what was measured about it."""
    kind, score = label(scores, now.layer, now.head)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader(words["layer_head"].format(layer=now.layer + 1, head=now.head + 1), anchor=False, width="content")
        st.markdown(f":gray[{words['says'][kind or 'none'].format(score=digits(score))}]", width="content")


def chips(now: Reading, cell: Cell) -> None:
    """The sentence, with query and key of the chosen cell framed."""
    row, column = cell
    label = load("frame")["strip"]["label"]
    marks = {column: "key", row: "query"}
    token_strip(now.chips, key="attention-chips", marks=marks, pick=True, sentence=now.scope, label=label)


def pattern_lines(words: Words, now: Reading, steps: HeadSteps, cell: Cell) -> None:
    """The pattern as lines."""
    attention_lines(
        steps.pattern, now.labels, now.labels, key=f"attention-lines-{head_key(now)}", rest=cell, hint=words["hint_lines"],
        label=_picture(words, now), words=_here(words, now, words["cell"]), rows_are=words["row_is"],
        columns_are=words["column_is"], sentence=now.scope,
    )  # fmt: skip


def step_matrix(words: Words, now: Reading, steps: HeadSteps, name: str, cell: Cell) -> Cell | None:
    """The chosen step as a matrix; of vectors returns the (token, channel) that is chosen in it."""
    values = cell_parts.step_values(steps, name, cell[0])
    own = words["cell"] if name == "softmax" else words["numbers"][name]
    shared = {"label": _picture(words, now), "words": _here(words, now, own), "sentence": now.scope}
    if name in cell_parts.SQUARE_STEPS:
        matrix(
            values, now.labels, now.labels, key=f"attention-matrix-{head_key(now)}", hint=words["hint"], rest=cell, pick=True,
            empty_words=words["cell_masked"], weights=name == "softmax", rows_are=words["row_is"], columns_are=words["column_is"],
            numbers=len(now.ids) <= NUMBERED, row_colour="query", column_colour="key", **_scale(name), **shared,
        )  # fmt: skip
        return None
    rows = now.labels
    if name == "values":
        weights = [digits(float(w)) for w in steps.pattern[cell[0]]]
        rows = [words["numbers"]["weighted"].format(weight=w, token=t) for w, t in zip(weights, now.labels, strict=True)]
        rows.append(words["numbers"]["sum"])
    hue = {"q": "query", "k": "key"}.get(name, "value")
    return matrix(
        values, rows, [str(i) for i in range(values.shape[1])], key=f"attention-vectors-{name}-{now.scope}",
        scale="diverging", square=False, name_columns=False, pick=True, hint=words["hint"],
        rows_are=words["numbers"]["rows_tokens"], columns_are=words["numbers"]["columns_channels"],
        row_colour=hue, column_colour="ink", space="query" if name in ("q", "k") else "value", **shared,
    )  # fmt: skip


def _scale(name: str) -> dict[str, Any]:
    return {"scale": "sequential", "limit": 1.0} if name == "softmax" else {"scale": "diverging"}


def _picture(words: Words, now: Reading) -> str:
    return words["picture"].format(layer=now.layer + 1, head=now.head + 1)


def _here(words: Words, now: Reading, template: str) -> str:
    """A cell's words with the head they are about."""
    return f"{words['in_head'].format(layer=now.layer + 1, head=now.head + 1)}: {template}"


def carried(words: Words, now: Reading, steps: HeadSteps, row: int) -> None:
    """Values times weights, and their sum z."""
    ledger(key="attention-carried-sentence", sentence=spans(words["carried"]["sentence"], query=(now.labels[row], "query")))
    vectors(
        cell_parts.carried_rows(words, steps, now.labels, row), key="attention-carried", shared_scale=True,
        label=words["carried"]["picture"], words=words["carried"]["words"], hint=words["carried"]["hint"], sentence=now.scope,
        space="value",
    )  # fmt: skip


def all_heads(words: Words, now: Reading, scores: HeadScores, causal: bool, off: Collection[Cell]) -> None:
    """Every head as a thumbnail with its name; a click sets layer and head of the bench."""
    small = computed.thumbnails(now, causal)
    layers, heads = small.shape[:2]
    names = [[_short(words, scores, layer, head, heads) for head in range(heads)] for layer in range(layers)]
    head_grid(
        small, names, key="attention-heads", label=words["heads"]["picture"].format(layers=layers, heads=heads),
        picked=(now.layer, now.head), off=off, on_pick=_open_head, tokens=now.labels, sentence=now.scope,
        words=words["heads"]["cell"], words_head=words["heads"]["one"], hint=words["heads"]["hint"],
    )  # fmt: skip
    if small.shape[-1] < len(now.ids):
        st.caption(words["heads"]["shrunk"].format(block=-(-len(now.ids) // computed.LARGEST_THUMBNAIL)))


def _short(words: Words, scores: HeadScores, layer: int, head: int, heads: int) -> str:
    kind, score = label(scores, layer, head)
    if not kind:
        return ""
    return words["labels"][kind] if heads > ROOMY else f"{words['labels'][kind]} {digits(score)}"


def _open_head(layer: int, head: int) -> None:
    st.session_state[LAYER], st.session_state[HEAD] = layer + 1, head + 1


def measured(words: Words, now: Reading, scores: HeadScores) -> None:
    """All scores of the chosen head, and how they were taken."""
    windows = computed.sample(now.model_id)
    text = words["heads"]["stories"]
    if windows is not None:
        text = words["heads"]["held_out"].format(n=f"{windows[0][:TEXTS].numel():,}")
    rows = [(words["kinds"][kind], array[now.layer, now.head]) for kind, array in scores.scores.items()]
    rows.append((words["kinds"]["entropy"], scores.entropy[now.layer, now.head]))
    ledger([Line(((name, ""),), digits(float(value))) for name, value in rows], key="attention-measured")
    with st.popover(words["heads"]["how"], icon=":material/straighten:"):
        prose(words["heads"]["measured_on"], text=text, threshold=THRESHOLD, nearby=NEARBY, even=EVEN)


def score_rows(scores: HeadScores) -> tuple[list[str], list[list[Any]]]:
    """Header and one row for each head with all its scores."""
    layers, heads = scores.entropy.shape
    columns = {**scores.scores, "entropy": scores.entropy}
    rows = [[i + 1, j + 1, *(float(array[i, j]) for array in columns.values())] for i in range(layers) for j in range(heads)]
    return ["layer", "head", *columns], rows


def choose_heads(words: Words, now: Reading) -> None:
    """The controls for which heads are switched off; ``heads_off`` has what they say."""
    off, config = words["off"], now.config
    mode = choice(off, ["this", "layer", "choose"], "this", OFF_MODE, layer=now.layer + 1)
    if mode == "choose":
        every = [(layer, head) for layer in range(config.n_layers) for head in range(config.n_heads)]
        st.session_state.setdefault(_off_key(now), [(now.layer, now.head)])
        names = {pair: off["one"].format(layer=pair[0] + 1, head=pair[1] + 1) for pair in every}
        st.multiselect(off["heads"], every, key=_off_key(now), format_func=names.get)


def heads_off(now: Reading) -> tuple[Cell, ...]:
    """The heads that are switched off, known before their controls are drawn."""
    mode = st.session_state.get(OFF_MODE, "this")
    if mode == "layer":
        return tuple((now.layer, head) for head in range(now.config.n_heads))
    here = [(now.layer, now.head)]
    return tuple(st.session_state.get(_off_key(now), here) if mode == "choose" else here)


def _off_key(now: Reading) -> str:
    return f"attention-off-{now.model_id}"


def switched_off(heads: Sequence[Cell]) -> Sequence[Cell]:
    """The heads that the grid shows as off: the reader's own choice, not the head that happens to be on the bench."""
    return [] if st.session_state.get(OFF_MODE, "this") == "this" else heads


def bars(words: Words, now: Reading, seen: computed.WithWithout) -> None:
    """The most probable tokens before and after, as pairs of bars."""
    off = words["off"]
    title = off["next"] if now.config.causal else off["blank"]
    shown = spans(title, token=(now.labels[seen.position], "strong"), place=str(seen.position + 1))
    ledger(key="attention-bars-title", sentence=shown)
    ids = top_changes(seen.before, seen.after)
    labels, names = [token_label(now.tokenizer, i) for i in ids], (off["before"], off["after"])
    before_after(labels, seen.before[ids], seen.after[ids], key="attention-bars", label=off["picture"], names=names)


def losses(words: Words, seen: computed.WithWithout, *, causal: bool) -> None:
    """Loss on the sentence and on held-out text: before, after, and by how much it moved."""
    off = words["off"]
    sample = off["sample_loss"].format(n=f"{seen.sample_tokens:,}")
    parts = [
        ("loss-text", off["text_loss"], seen.loss_before, seen.loss_after, off["no_text_loss"]),
        ("loss-sample", sample, seen.sample_before, seen.sample_after, off["no_sample"]),
    ]
    for key, title, before, after, missing in parts:
        if not np.isfinite(before):
            st.caption(missing)
            continue
        moved = round(after - before, 3) + 0.0
        made = [Line(((off["before"], ""),), f"{before:.3f}"), Line(((off["after"], ""),), f"{after:.3f}")]
        made.append(Line(((off["moved"], ""),), f"{moved:+.3f}".replace("-", "−"), result=True))
        ledger(made, key=f"attention-{key}", sentence=((title, "strong"),))
    if np.isfinite([seen.loss_before, seen.sample_before]).any():
        st.caption(off["loss_help" if causal else "loss_help_blanks"])


def each_head(words: Words, now: Reading) -> None:
    """The rise of the loss with each head switched off alone, as a matrix."""
    rise = computed.loss_rise(now.model_id, now.step)
    off = words["off"]
    if rise is None:
        st.caption(off["no_sample"])
        return
    prose(off["each_text"])
    rows = [words["off"]["row"].format(layer=i + 1) for i in range(rise.shape[0])]
    columns = [words["off"]["column"].format(head=i + 1) for i in range(rise.shape[1])]
    picture = {"label": off["each_picture"], "words": off["each_words"], "scale": "diverging", "numbers": True}
    matrix(rise, rows, columns, key="attention-each", **picture)


def change_rows(seen: computed.WithWithout, count: int = 50) -> list[tuple[int, float, float]]:
    """(token id, before, after) of the tokens that are most probable before or after."""
    return [(i, float(seen.before[i]), float(seen.after[i])) for i in top_changes(seen.before, seen.after, count)]


def ask(page: Page, now: Reading, seen: computed.WithWithout) -> None:
    """Predict, then reveal: does the most probable next token change without the head on the bench?"""
    key = "switch" if now.config.causal else "switch_blanks"
    words = page[key]
    best, later = int(seen.before.argmax()), int(seen.after.argmax())
    reveal = words["changed" if best != later else "same"].format(
        before=quoted(now, best), after=quoted(now, later), p=digits(float(seen.before[best])), q=digits(float(seen.after[best]))
    )
    predict(page, key, int(best == later), reveal)


def quoted(now: Reading, token_id: int) -> str:
    """A token inside Markdown."""
    return f"“{plain(token_label(now.tokenizer, token_id))}”"


def foot(
    page: Page, now: Reading, key: str, header: Sequence[str], rows: Sequence[Sequence[Any]], code: str, extra: str = ""
) -> None:
    """Under a figure: which weights made it, and what can be taken away."""
    provenance(now, extra)
    take_away(page, key, header=header, rows=rows, code=code)
