"""The other cards of the Decoding page: the tree, surprise, the cache, and the experiment."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

import numpy as np
import streamlit as st

from llm.config import SamplingConfig
from llm.cost import kv_cache_bytes
from ui import cached
from ui import cached_decoding as computed
from ui import page as page_parts
from ui import snippets_decoding as snippets
from ui.components.chart import line_chart
from ui.components.textline import textline
from ui.components.tree import Branch, decode_tree_view
from ui.decoding.figures import branches, size, with_ways
from ui.decoding.text import GrowingText
from ui.decoding.views import TREE, short, text_chips
from ui.page import Page
from ui.text import plain
from ui.tokens import chips

WIDTH, DEPTH = "beam", "ahead"  # session keys and names in the address
LEFT, LEFT_WAYS = "left", 4  # the name of a way that was left, and how many of them stand in the tree
SMALL = 5_000_000  # parameters below which a hundred tokens take about a second
UNIT = {"nats": 1.0, "bits": 1 / math.log(2)}


def tree_card(page: Page, text: GrowingText) -> list[Branch]:
    """Greedy, sampling and beam from the same prefix; returns the tree that is drawn."""
    words, now = page["tree"], text.reading
    with page_parts.card("decoding-tree", words["title"], words["caption"]):
        if text.ended:
            page_parts.prose(words["ended"])
            return []
        st.session_state.setdefault(WIDTH, 3)
        st.session_state.setdefault(DEPTH, 5)
        with st.container(horizontal=True, key="decoding-tree-knobs"):
            width = st.slider(words["width"], 2, 5, key=WIDTH, bind="query-params", width=240)
            depth = st.slider(words["depth"], 2, 8, key=DEPTH, bind="query-params", width=240)
        nodes = computed.tree(*text.key, text.settings.sampling, text.number, width, depth)
        most = 2 if width * depth <= 16 else 1
        drawn, left_out = branches(nodes, partial(computed.text_of, now.tokenizer), most)
        drawn = _with_left(_with_draws(drawn, text), text, depth)
        decode_tree_view(drawn, key=TREE, label=words["label"], words=words, sentence=now.scope)
        if left_out:
            st.caption(words["left_out"].format(count=left_out))
        _compare(words, drawn)
        page_parts.provenance(now)
        rows = [(b.depth, b.text, b.p, b.total, " ".join(b.taken or b.kept)) for b in drawn[1:]]
        header = ["depth", "token", "probability", "total log-probability", "chosen by"]
        page_parts.take_away(page, "tree", header=header, rows=rows, code=snippets.tree_code(text, width, depth))
        return drawn


def _with_draws(drawn: list[Branch], text: GrowingText) -> list[Branch]:
    """The tree with the random number of each token of the sampled way; there is none at temperature 0."""
    made, so_far = list(drawn), text.ids
    for i, branch in sorted(enumerate(drawn), key=lambda pair: pair[1].depth):
        if computed.SAMPLED not in branch.taken:
            continue
        draw = computed.next_choice(*text.key[:2], so_far, text.settings.sampling, text.number + branch.depth - 1).draw
        if draw.u is not None and draw.token_id == branch.id:
            made[i] = replace(branch, draw=(draw.u, draw.low, draw.high))
        so_far = (*so_far, branch.id)
    return made


def _with_left(drawn: list[Branch], text: GrowingText, depth: int) -> list[Branch]:
    """The ways that the reader went on from here and left by rewinding, as branches to be taken up again."""
    ways = [ids[:depth] for ids in text.ways_on()[:LEFT_WAYS]]
    model_id, step, here = text.key
    chances = [computed.own_probabilities(model_id, step, (*here, *ids))[-len(ids) :].tolist() for ids in ways]
    return with_ways(drawn, ways, chances, partial(computed.text_of, text.reading.tokenizer), LEFT)


def final(drawn: list[Branch], name: str) -> Branch:
    """The last token of a strategy's text."""
    return max((b for b in drawn if name in b.taken), key=lambda b: b.depth)


def _compare(words: dict, drawn: list[Branch]) -> None:
    """What the totals of beam and greedy say about each other."""
    beam, greedy = final(drawn, computed.BEAM), final(drawn, computed.GREEDY)
    totals = {"beam": signed(beam.total), "greedy": signed(greedy.total)}
    if beam.depth != greedy.depth:
        page_parts.prose(words["beam_longer"], **totals, beam_length=beam.depth, greedy_length=greedy.depth)
    elif abs(beam.total - greedy.total) < 1e-9:
        page_parts.prose(words["beam_equal"], **totals)
    else:
        page_parts.prose(words["beam_better"], **totals, times=math.exp(min(50.0, beam.total - greedy.total)))


def signed(number: float) -> str:
    """Two digits and a real minus sign."""
    return f"{number:.2f}".replace("-", "−")


def surprise_card(page: Page, text: GrowingText) -> None:
    """Surprise of each token, its mean and the perplexity."""
    words, now = page["surprise"], text.reading
    with page_parts.card("decoding-surprise", words["title"], words["caption"]):
        if len(text.ids) < 2:
            page_parts.prose(words["one"])
            return
        unit = st.segmented_control(
            words["unit_label"], words["units"], default="nats", key="decoding-unit", required=True, label_visibility="collapsed"
        )
        nats = computed.surprises(*text.key)
        values = nats * UNIT[unit]
        shown = text_chips(text)
        lines = [words["first"].format(token=shown[0].text)]
        for chip, nat, value in zip(shown[1:], nats, values, strict=True):
            lines.append(words["word"].format(token=chip.text, p=short(math.exp(-nat)), value=f"{value:.2f}", unit=unit))
        worst = int(values.argmax()) + 1
        textline(
            shown,
            np.minimum(1.0, nats / max(math.log(now.config.vocab_size), float(nats.max()))),
            [f"{v:.2f}" for v in values],
            lines,
            key="decoding-surprise-line",
            label=words["label"],
            hint=words["hint"].format(unit=unit),
            marked=(worst, worst + 1),
            sentence=now.scope,
        )
        _mean(words, now, nats, unit)
        page_parts.provenance(now)
        rows = [(c.position, c.text, c.id, float(n), float(n / math.log(2))) for c, n in zip(shown[1:], nats, strict=True)]
        header = ["position", "token", "id", "nats", "bits"]
        page_parts.take_away(page, "surprise", header=header, rows=rows, code=snippets.surprise_code(text))


def _mean(words: dict, now: object, nats: np.ndarray, unit: str) -> None:
    mean, count = float(nats.mean()), len(nats)
    perplexity, blind = math.exp(min(700.0, mean)), math.log(now.config.vocab_size)
    columns = st.columns(3)
    columns[0].metric(words["mean"], f"{mean * UNIT[unit]:.3f} {unit}", help=words["mean_help"])
    columns[1].metric(words["perplexity"], f"{perplexity:,.2f}", help=words["perplexity_help"])
    columns[2].metric(words["guess"], f"{blind * UNIT[unit]:.2f} {unit}", help=words["guess_help"])
    shown = [f"{n * UNIT[unit]:.2f}" for n in nats[:6]]
    base, value = "e" if unit == "nats" else "2", f"{mean * UNIT[unit]:.3f}"
    more = r" + \dots" if count > 6 else ""
    st.latex(rf"\vphantom{{\Bigg|}}\frac{{{' + '.join(shown)}{more}}}{{{count}}} = {value}")  # room for the numerator
    st.latex(rf"{base}^{{{value}}} = {perplexity:.2f}")
    val = now.info.meta.get("val_loss")
    known = words["compare"].format(val=val) if isinstance(val, (int, float)) and now.step is None else ""
    page_parts.prose(known + words["sense"], perplexity=perplexity)


def cache_card(page: Page, text: GrowingText) -> None:
    """Bytes by formula, time by measurement."""
    words, now, config = page["cache"], text.reading, text.reading.config
    tokens = len(text.ids) - computed.unseen(config, len(text.ids))
    with page_parts.card("decoding-cache", words["title"], words["caption"]):
        page_parts.prose(words["formula"])
        held = kv_cache_bytes(config, tokens)
        sizes = rf"{config.n_layers} \times {config.n_heads} \times {config.d_head} \times 4 \times {tokens}"
        bytes_held = f"{held:,}".replace(",", "{,}")
        lines = (r"2 \times L \times H \times D \times 4 \times T", rf"2 \times {sizes}", rf"{bytes_held}\ \text{{bytes}}")
        st.latex(rf"\begin{{aligned}} &{lines[0]} \\ =\ &{lines[1]} \\ =\ &{lines[2]} \end{{aligned}}")
        columns = st.columns(4)
        columns[0].metric(words["per_token"], size(kv_cache_bytes(config, 1)))
        columns[1].metric(words["now"].format(count=tokens), size(held))
        columns[2].metric(words["most"].format(context=config.context_length), size(kv_cache_bytes(config)))
        columns[3].metric(words["weights"], size(4 * cached.parameter_count(now.model_id)))
        if computed.unseen(config, len(text.ids)):
            page_parts.prose(words["slid"], count=len(text.ids), context=config.context_length)
        _measurement(page, text)


def _measurement(page: Page, text: GrowingText) -> None:
    words, now = page["cache"], text.reading
    count = 40 if cached.parameter_count(now.model_id) < SMALL else 10
    if st.button(words["measure"], help=words["measure_help"], icon=":material/timer:", key="decoding-measure"):
        st.session_state["decoding-measured"] = text.key
    if st.session_state.get("decoding-measured") != text.key:
        page_parts.prose(words["longer"])
        page_parts.provenance(now)
        return
    with st.spinner(words["running"].format(count=count)):
        measured = computed.cache_measured(*text.key, count)
    steps = np.arange(1, count + 1)
    milliseconds = {words["with_cache"]: measured.cached_seconds * 1e3, words["without_cache"]: measured.uncached_seconds * 1e3}
    line_chart(
        steps,
        milliseconds,
        key="decoding-times",
        label=words["chart_label"],
        x_title=words["x_title"],
        x_word=words["y_word"],
        hint=words["chart_hint"],
        hues=["accent", "key"],
        y_range=(0.0, float(max(v.max() for v in milliseconds.values())) * 1.05),
    )
    cached_ms, uncached_ms = (float(np.median(v[1:])) for v in milliseconds.values())
    template = words["result"] if uncached_ms > 1.15 * cached_ms else words["result_flat"]
    page_parts.prose(
        template,
        cached=cached_ms,
        uncached=uncached_ms,
        times=uncached_ms / cached_ms,
        count=count,
        bytes=size(float(measured.recomputed_bytes[-1])),
    )
    page_parts.provenance(now, words["measured"].format(count=count, rounds=computed.ROUNDS))
    rows = list(
        zip(
            steps.tolist(), measured.cached_seconds.tolist(), measured.uncached_seconds.tolist(),
            measured.cached_bytes.tolist(), measured.recomputed_bytes.tolist(), strict=True,
        )
    )  # fmt: skip
    page_parts.take_away(page, "cache", header=words["header"], rows=rows, code=snippets.cache_code(text, count))


def break_card(page: Page, text: GrowingText) -> None:
    """Temperature 3, and greedy that runs into a loop."""
    words = page["break"]
    with page_parts.break_it(page):
        choice = st.segmented_control(words["label"], words["options"], key="decoding-break", label_visibility="collapsed")
        if choice is None:
            return
        number = words["options"].index(choice)
        with st.spinner(words["running"]):
            (_hot, _greedy, _penalised)[number](words, text, _count(text))


def _count(text: GrowingText) -> int:
    """How many tokens the experiment writes: inside the window, where nothing slides, and in a few seconds at most."""
    most = 110 if cached.parameter_count(text.reading.model_id) < SMALL else 60
    return max(16, min(most, text.reading.config.context_length - len(text.ids)))


def _hot(words: dict, text: GrowingText, count: int) -> None:
    count = min(count, 60)
    usual = computed.written(*text.key, SamplingConfig(temperature=1.0, seed=text.settings.seed), count, True)
    hot = computed.written(*text.key, SamplingConfig(temperature=3.0, seed=text.settings.seed), count, True)
    _strip(words, text, hot, text.reading.step)
    page_parts.prose(words["hot"], mean=float(np.exp(np.log(hot.own).mean())), usual=float(np.exp(np.log(usual.own).mean())))


def _greedy(words: dict, text: GrowingText, count: int) -> None:
    now, greedy = text.reading, SamplingConfig(temperature=0)
    made, step = computed.written(*text.key, greedy, count, True), now.step
    if made.loop is None:
        page_parts.prose(words["no_loop"], count=count, distinct=made.distinct)
        earlier = computed.looping_step(now.model_id, text.ids, count)
        if earlier is None:
            _strip(words, text, made, step)
            return
        page_parts.prose(words["earlier"], step=earlier)
        made, step = computed.written(now.model_id, earlier, text.ids, greedy, count, True), earlier
    _strip(words, text, made, step)
    loop = made.loop
    page_parts.prose(
        words["loop" if loop.period > 1 else "loop_one"], start=loop.start + 1, period=loop.period, times=loop.times, count=count
    )


def _penalised(words: dict, text: GrowingText, count: int) -> None:
    now, step = text.reading, text.reading.step
    plain = computed.written(*text.key, SamplingConfig(temperature=0), count, True)
    if plain.loop is None:
        earlier = computed.looping_step(now.model_id, text.ids, count)
        if earlier is not None:
            step, plain = earlier, computed.written(now.model_id, earlier, text.ids, SamplingConfig(temperature=0), count, True)
    made = computed.written(now.model_id, step, text.ids, SamplingConfig(temperature=0, repetition_penalty=1.3), count, True)
    if step != now.step:
        page_parts.prose(words["penalised_earlier"], step=step)
    _strip(words, text, made, step)
    page_parts.prose(words["penalty"], distinct=made.distinct, plain=plain.distinct)


def _strip(words: dict, text: GrowingText, made: computed.Written, step: int | None) -> None:
    """The tokens that were written, after the last one of the text; a loop's first round is framed."""
    tokenizer = text.reading.tokenizer
    shown = chips(tokenizer, [text.ids[-1], *(min(i, tokenizer.vocab_size - 1) for i in made.ids)])
    marked = (made.loop.start + 1, made.loop.start + 1 + made.loop.period) if made.loop else (0, 0)
    textline(
        shown,
        made.own,
        [short(float(p)) for p in made.own],
        [words["word"].format(token=c.text, p=short(float(p))) for c, p in zip(shown, [1.0, *made.own], strict=True)],
        key="decoding-break-line",
        label=words["strip"],
        hint=words["strip"],
        marked=marked,
    )
    name = plain(text.reading.info.title)
    st.caption(f"{name} · step {step:,}" if step is not None else text.reading.cited)


def beam_numbers(drawn: list[Branch]) -> dict[str, float]:
    """The probabilities of the beam's and the sampled text as a whole."""
    beam, sampled = final(drawn, computed.BEAM), final(drawn, computed.SAMPLED)
    return {"beam": math.exp(beam.total), "sampled": math.exp(sampled.total)}


def cache_numbers(text: GrowingText) -> tuple[int, int]:
    """Bytes of one token in the cache, and how many tokens of the text it holds."""
    config = text.reading.config
    return kv_cache_bytes(config, 1), len(text.ids) - computed.unseen(config, len(text.ids))
