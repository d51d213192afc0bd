"""Every setting of the next run, and how its text is cut."""

from __future__ import annotations

import streamlit as st

from llm.config import ACTIVATIONS, NORM_POSITIONS, NORMS, OBJECTIVES, OPTIMIZERS, POSITIONS, PRECISIONS, SCHEDULES, mean_length
from llm.runs.limits import MINUTE, Limits
from llm.runs.spec import LONGEST_PROMPT, READY_SIZES, TOKENIZERS, USUAL_SIZES
from llm.tokenizers import Tokenizer
from llm.uploads import OwnText
from ui import cached_pretraining as computed
from ui.components.tokens import token_strip
from ui.page import Page, prose, rerun_part
from ui.pretraining import draft as drafts
from ui.pretraining import fields, session
from ui.text import plain
from ui.tokens import chips

VOCABULARIES = (270, 300, 400, 512, 640, 800, 1024, 1300, 1600, 2000, 2600, 3200, 4096)
MOST_CHIPS = 100
PREVIEW = "pretraining-preview-tokenizer"
MASKABLE = ("bpe", "char", "word")


def show(page: Page, limits: Limits) -> None:
    """All fields in four columns, then the preview."""
    words = page["more"]
    columns = st.columns(4, gap="medium")
    for column, title, draw in zip(
        columns, ("title_data", "title_model", "title_training", "title_end"), (_data, _model, _training, _end), strict=True
    ):
        with column:
            st.markdown(f"**{words[title]}**")
            draw(page, limits)
    _limits(page, limits)
    _preview(page)


def _data(page: Page, limits: Limits) -> None:
    masked = session.draft()["objective"] == "masked_tokens"
    fields.choice(page, "objective", OBJECTIVES, lambda value: session.put(drafts.with_objective(session.draft(), value)))
    tokenizers = MASKABLE if masked else (*MASKABLE, *(name for name in TOKENIZERS if name == "stories"))
    fields.choice(page, "tokenizer", tokenizers, lambda value: session.change(tokenizer=value, vocab_size=None))
    fields.vocabulary(page, VOCABULARIES, USUAL_SIZES)
    fields.line(page, "prompt", LONGEST_PROMPT, page["field"]["prompt_masked_help" if masked else "prompt_help"])
    fields.whole(page, "seed", 0, 10**6)
    fields.flag(page, "shuffle_words")


def _model(page: Page, limits: Limits) -> None:
    def heads(value: int) -> None:
        session.change(n_heads=value, alibi_slopes=None)  # one slope a head: others would not fit

    first, second = st.columns(2)
    with first:
        fields.whole(page, "n_layers", 1, 24)
        fields.whole(page, "d_model", 4, 1024, 16)
    with second:
        fields.whole(page, "n_heads", 1, 64, apply=heads)
        fields.whole(page, "context_length", 2, 1024, 8)
    fields.choice(page, "position", POSITIONS)
    first, second = st.columns(2)
    with first:
        fields.choice(page, "norm", NORMS)
    with second:
        fields.choice(page, "norm_position", NORM_POSITIONS)
    fields.choice(page, "activation", ACTIVATIONS)
    for name in ("tie_embeddings", "residual", "zero_init", "embedding_norm", "qk_norm", "smear", "bias"):
        fields.flag(page, name)


def _training(page: Page, limits: Limits) -> None:
    draft = session.draft()
    fields.choice(page, "optimizer", OPTIMIZERS)
    first, second = st.columns(2)
    with first:
        fields.real(page, "learning_rate", 0.0, 100.0, step=0.001)
        fields.whole(page, "batch_size", 1, 1024)
        fields.real(page, "dropout", 0.0, 0.9, step=0.05)
        fields.real(page, "weight_decay", 0.0, 10.0, step=0.05)
    with second:
        if draft["optimizer"] == "muon":
            fields.real(page, "muon_learning_rate", 0.0, 100.0, step=0.001)
        fields.whole(page, "warmup_steps", 0, limits.steps)
        fields.real(page, "grad_clip", 0.0, 1e6, step=0.1, zero_is_none=True)
        fields.real(page, "average_fraction", 0.0, 1.0, step=0.05, zero_is_none=True)
    fields.choice(page, "schedule", SCHEDULES)
    if draft["schedule"] != "constant":
        fields.real(page, "final_lr_fraction", 0.0, 1.0, step=0.05)


def _end(page: Page, limits: Limits) -> None:
    first, second = st.columns(2)
    with first:
        fields.whole(page, "steps", 1, limits.steps, 100)
        fields.real(page, "stop_at_val_loss", 0.0, 20.0, step=0.1, zero_is_none=True)
        fields.whole(page, "eval_every", 1, limits.steps, 10)
    with second:
        fields.real(page, "max_seconds", 1.0, float(limits.seconds), step=10.0)
        fields.whole(page, "plateau_evaluations", 0, 1000, zero_is_none=True)
        fields.real(page, "document_start_fraction", 0.0, 1.0, step=0.05)
        if session.draft()["objective"] == "masked_tokens":  # a causal model sees every length in each window anyhow
            fields.real(page, "short_window_fraction", 0.0, 1.0, step=0.05)
    fields.choice(page, "precision", PRECISIONS)
    fields.flag(page, "tensorboard")
    if st.button(page["more.reset"], key="pretraining-reset", icon=":material/undo:"):
        draft = session.draft()
        session.put(drafts.fresh(draft["source"], own=session.own_text()))
        rerun_part()


def _limits(page: Page, limits: Limits) -> None:
    """How much text the run reads, and the most that this server allows."""
    draft, words = session.draft(), page["more"]
    steps, batch, context = (int(draft[name]) for name in ("steps", "batch_size", "context_length"))
    window = mean_length(context, draft["short_window_fraction"])
    tokens = f"{steps * batch * window:,.0f}"
    prose(words["seen"], steps=f"{steps:,}", batch=batch, context=f"{window:g}", tokens=tokens)
    st.caption(
        words["limits"].format(
            parameters=f"{limits.parameters:,}", steps=f"{limits.steps:,}", minutes=f"{limits.seconds / MINUTE:g}",
            characters=f"{limits.text_characters:,}",
        )
    )  # fmt: skip


def _preview(page: Page) -> None:
    """The beginning of the text as chips, cut by a tokenizer of the kind that the run will learn."""
    words, draft, own = page["more"], session.draft(), session.own_text()
    st.markdown(f"**{words['preview']}**")
    text = text_of(draft, own)
    if not text:
        st.caption(words["preview_none"])
        return
    try:
        made = tokenizer(draft, own)
    except ValueError as problem:
        st.caption(plain(str(problem)))
        return
    ids = made.encode(computed.excerpt(text))[:MOST_CHIPS]
    token_strip(chips(made, ids), key="pretraining-preview", colour_by="group")
    shown = len(made.decode(ids))
    learned = min(len(text), computed.PREVIEW_CHARACTERS)
    about = words["preview_ready" if draft["tokenizer"] in READY_SIZES else "preview_about"]
    prose(about, n=len(ids), characters=shown, x=f"{shown / max(1, len(ids)):.1f}", learned=f"{learned:,}")


def text_of(draft: drafts.Draft, own: OwnText | None) -> str:
    """The beginning of what the draft learns from; empty when there is no text yet."""
    if own is not None:
        return own.text
    return computed.beginning(draft["source"]) if draft["source"] != drafts.OWN else ""


def tokenizer(draft: drafts.Draft, own: OwnText | None) -> Tokenizer:
    """A tokenizer for the preview. One of a reader's own text stays in the session."""
    learned = draft["vocab_size"] if draft["tokenizer"] in drafts.LEARNED else None
    wanted = (draft["tokenizer"], learned, draft["objective"] == "masked_tokens")
    if own is None or draft["source"] != drafts.OWN:
        return computed.tokenizer(draft["source"], *wanted)
    key = (hash(own.text), *wanted)
    stored = st.session_state.get(PREVIEW)
    if stored is None or stored[0] != key:
        stored = st.session_state[PREVIEW] = (key, computed.preview_tokenizer(own.text, *wanted))
    return stored[1]


def vocabulary(draft: drafts.Draft, own: OwnText | None, likely: int) -> int:
    """How many tokens the run's vocabulary will have: counted where that is quick, else ``likely``."""
    quick = draft["tokenizer"] == "char" or draft["source"] == drafts.OWN
    if not quick or not text_of(draft, own):
        return likely
    try:
        return tokenizer(draft, own).vocab_size
    except ValueError:
        return likely
