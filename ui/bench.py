"""The bench under the menu: pipeline strip, sentence, model, training step, layer and head."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ui import cached
from ui.components.pipeline import Station, pipeline
from ui.pages import PAGES, PageInfo, by_slug
from ui.state import HEAD, LAYER, MAX_CHARACTERS, MODEL, STEP, TEXT, Reading, chosen_model, reading
from ui.text import load, plain
from ui.tokens import token_label


def show(page: PageInfo) -> None:
    """Draw strip and bench. The strip stands above, but its numbers need the bench's widgets first."""
    strip = st.container(key="strip")
    _widgets(page)
    now = reading()
    with strip:
        _links()
        pipeline(_stations(now), active=page.stations, provenance=now.provenance, key="pipeline")
    for note in now.notes:
        st.warning(plain(note), icon=":material/info:")


def _widgets(page: PageInfo) -> None:
    words = load("frame")["bench"]
    info = chosen_model()
    st.session_state.setdefault(TEXT, info.default_text)
    extra = [name for name in (LAYER, HEAD) if name in page.uses]
    with st.container(key="bench"):
        columns = st.columns([5, 2, 2.2] + [0.8] * len(extra), vertical_alignment="bottom")
        with columns[0]:
            st.text_input(words["sentence"], key=TEXT, max_chars=MAX_CHARACTERS, bind="query-params", help=words["sentence_help"])
        with columns[1]:
            # the bare id is what the menu and the address show: a formatted name would end up in every link
            st.selectbox(
                words["model"],
                [each.id for each in cached.models()],
                key=MODEL,
                bind="query-params",
                on_change=_model_changed,
                args=(info.id,),
                help=plain(f"{info.title}: {info.summary}"),
            )
        with columns[2]:
            _step(chosen_model(), words)
        for name, column in zip(extra, columns[3:], strict=True):
            with column:
                _number(name, words)


def _step(info: Any, words: dict[str, str]) -> None:
    """The time slider: which training step's weights the pages show."""
    if len(info.steps) < 2:
        st.markdown(f":small[:gray[{words['no_steps']}]]")
        return
    if STEP in st.session_state and st.session_state[STEP] not in info.steps:
        del st.session_state[STEP]  # of another model
    st.select_slider(
        words["step"],
        info.steps,
        value=info.steps[-1],
        key=STEP,
        bind="query-params",
        help=words["step_help"],
    )


def _number(name: str, words: dict[str, str]) -> None:
    config = chosen_model().config
    count = config.n_layers if name == LAYER else config.n_heads
    if (st.session_state.get(name) or 1) > count:
        st.session_state[name] = count
    st.selectbox(words[name], list(range(1, count + 1)), key=name, bind="query-params")


def _model_changed(old_id: str) -> None:
    """A new model opens at its last step, and with its own sentence unless the reader has typed one."""
    st.session_state.pop(STEP, None)
    if st.session_state.get(TEXT, "") in ("", cached.model_info(old_id).default_text):
        st.session_state[TEXT] = chosen_model().default_text


def _links() -> None:
    """Page links that the strip clicks: st.switch_page does not work while the address holds widgets' values."""
    with st.container(key="station-links"):
        for page in PAGES:
            st.page_link(page.path, label=page.title)


def _stations(now: Reading) -> list[Station]:
    """The stations with this sentence's live shapes."""
    names, details = dict(load("frame")["stations"]), load("frame")["details"]
    config, tokens = now.config, len(now.ids)
    if not config.causal:
        names["next"] = names["place"]  # what it gives there is about that very place
    probabilities = now.probabilities()
    best = int(probabilities.argmax())
    width = f"{tokens} × {config.d_model}"
    inside = details["no_positions"] if config.position == "none" else config.position  # nothing is added to the vectors
    rows = [
        ("text", "home", details["text"].format(n=f"{len(now.sentence):,}")),
        ("tokens", "tokenization", f"{tokens}"),
        ("embeddings", "embeddings", width),
        ("positions", "positions", width if config.position in ("learned", "sinusoidal") else inside),
        ("attention", "attention", details["attention"].format(layers=config.n_layers, heads=config.n_heads)),
        ("mlp", "layers", f"{tokens} × {config.mlp_width:,}"),
        ("logits", "decoding", f"{tokens} × {config.vocab_size:,}"),
        ("next", "decoding", f"“{token_label(now.tokenizer, best)}” {probabilities[best]:.2f}"),
    ]
    return [Station(name, names[name], detail, f"{by_slug(slug).title}") for name, slug, detail in rows]
