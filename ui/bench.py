"""The bench under the menu: pipeline strip, sentence, model, training step, layer and head."""

from __future__ import annotations

import streamlit as st

from llm.library import ModelInfo
from ui import cached, run_models, time_travel
from ui.components.pipeline import Station, pipeline
from ui.numbers import digits
from ui.pages import PAGES, PageInfo, by_slug
from ui.state import EMPTIED, HEAD, LAYER, MAX_CHARACTERS, MODEL, STEP, TEXT, Reading, Settled, chosen_model, reading, settle
from ui.text import load, plain
from ui.tokens import token_label

MENU = "bench-model"
OPENED = "bench-opened"  # the model of the last script run and its own sentence


def show(page: PageInfo) -> None:
    """Draw strip and bench. The strip stands above, but its numbers need the bench's widgets first."""
    strip = st.container(key="strip")
    settled = _widgets(page)
    now = reading()
    with strip:
        _links()
        pipeline(
            _stations(now),
            active=page.stations,
            provenance=now.provenance,
            sentence=now.scope,
            words=load("frame")["pipeline"],
            key="pipeline",
        )
    for note in filter(None, (settled.note, *now.notes)):
        st.warning(plain(note), icon=":material/info:")


def _widgets(page: PageInfo) -> Settled:
    words = load("frame")["bench"]
    with st.container(key="hidden-bench"):  # a widget that is bound to the address shows what stands there: bare ids and numbers
        for name in (MODEL, STEP):
            st.text_input(name, key=name, bind="query-params")
    settled = settle()
    _sentence_of(settled.info)
    extra = [name for name in (LAYER, HEAD) if name in page.uses]
    with st.container(key="bench"):
        columns = st.columns([4.1, 2.7, 2.6] + [0.8] * len(extra), vertical_alignment="bottom")
        with columns[0]:
            st.text_input(
                words["sentence"], key=TEXT, max_chars=MAX_CHARACTERS, bind="query-params", help=words["sentence_help"],
                placeholder=settled.info.default_text, on_change=_typed,
            )  # fmt: skip
        with columns[1]:
            _model(settled, words)
        with columns[2]:
            time_travel.show(settled)
        for name, column in zip(extra, columns[3:], strict=True):
            with column:
                _number(name, words)
    return settled


def _model(settled: Settled, words: dict[str, str]) -> None:
    """The menu: the box, then this visitor's runs by their titles. Others' runs are not in it."""
    info = settled.info
    listed = {each.id: each for each in (*cached.models(), *run_models.listed(settled.wanted))}
    names = run_models.distinct({key: _name(each, words) for key, each in listed.items()})
    st.session_state[MENU] = info.id
    st.selectbox(
        words["model"],
        list(listed),
        key=MENU,
        format_func=lambda name: names.get(name, name),
        on_change=_model_changed,
        help=plain(f"{info.title}: {info.summary}"),
    )


def _name(info: ModelInfo, words: dict[str, str]) -> str:
    """What the menu calls a model: the box's by their short names."""
    return words["run"].format(title=info.title) if info.kind == "run" else info.id


def _model_changed() -> None:
    """A new model opens at its last step."""
    st.session_state[MODEL], st.session_state[STEP] = st.session_state[MENU], ""


def _typed() -> None:
    """Whether it was the reader who emptied the box: Back to an address without a sentence empties it, too."""
    st.session_state[EMPTIED] = not st.session_state[TEXT]


def _sentence_of(info: ModelInfo) -> None:
    """A new model brings its own sentence, unless the reader has typed one; what Back has emptied is filled again."""
    if not st.session_state.get(TEXT) and not st.session_state.get(EMPTIED):
        st.session_state[TEXT] = info.default_text
    before, typed = st.session_state.get(OPENED), st.session_state.setdefault(TEXT, info.default_text)
    untouched = before is not None and typed in ("", before[1]) and st.query_params.get(TEXT, typed) == typed
    if untouched and before[0] != info.id:
        st.session_state[TEXT] = info.default_text
    st.session_state[OPENED] = (info.id, info.default_text)


def _number(name: str, words: dict[str, str]) -> None:
    config = chosen_model().config
    count = config.n_layers if name == LAYER else config.n_heads
    if (st.session_state.get(name) or 1) > count:
        st.session_state[name] = count
    st.selectbox(words[name], list(range(1, count + 1)), key=name, bind="query-params")


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
    inside = load("positions")["names"][config.position]  # nothing is added to the vectors
    rows = [
        ("text", "home", details["text_one" if len(now.sentence) == 1 else "text"].format(n=f"{len(now.sentence):,}")),
        ("tokens", "tokenization", f"{tokens}"),
        ("embeddings", "embeddings", width),
        ("positions", "positions", width if config.position in ("learned", "sinusoidal") else inside),
        ("attention", "attention", details["attention"].format(layers=config.n_layers, heads=config.n_heads)),
        ("mlp", "layers", f"{tokens} × {config.mlp_width:,}"),
        ("logits", "decoding", f"{tokens} × {config.vocab_size:,}"),
        ("next", "decoding", f"“{token_label(now.tokenizer, best)}” {digits(probabilities[best])}"),
    ]
    return [Station(name, names[name], detail, f"{by_slug(slug).title}") for name, slug, detail in rows]
