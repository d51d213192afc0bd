"""Attention: one head step by step, every head at a glance, and what is lost without them."""

import streamlit as st

from ui import attention_cell as cell_parts
from ui import attention_view as view
from ui import cached_attention as computed
from ui import page as page_parts
from ui import snippets_attention as snippets
from ui.numbers import digits

page = page_parts.start("attention")
words, now = page.words, page.reading
scores = computed.scores(now.model_id, now.step)


def pattern_card() -> tuple[computed.HeadSteps, tuple[int, int], bool]:
    """The picture: matrix or lines, at the chosen step, under the chosen mask. Returns steps, chosen cell and mask."""
    view.heading(words, now, scores)
    chips = st.container()
    with st.container(horizontal=True, gap="medium"):
        shown_as = view.choice(words["views"], ["matrix", "lines"], "matrix", "attention-view")
        own = str(now.config.causal).lower()
        mask = view.choice(words["mask"], ["true", "false"], own, f"attention-mask-{own}")
    causal = mask == "true"
    steps = computed.steps_of(now, causal)
    cell = view.first_cell(now, steps)
    if shown_as == "lines":
        picked = view.pattern_lines(words, now, steps, cell)
    else:
        name = view.choice(words["steps"], cell_parts.step_names(now.config), "softmax", "attention-at", d=now.config.d_head)
        page_parts.prose(cell_parts.about(words, name, steps, now.config, causal=causal))
        picked = view.step_matrix(words, now, steps, name, cell)
    if picked is not None:
        view.remember(now, picked)
    cell = picked or cell
    with chips:
        view.chips(now, cell)
    if mask != own:
        page_parts.prose(words["mask"][f"not_trained_{'causal' if now.config.causal else 'bidirectional'}"])
    if len(now.ids) == 1:
        st.caption(words["one_token"])
    return steps, cell, causal


left, right = st.columns([1.55, 1], gap="medium")
with left, page_parts.card("attention-pattern"):
    steps, cell, causal = pattern_card()
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        page_parts.provenance(now, words["layer_head"].format(layer=now.layer + 1, head=now.head + 1))
        page_parts.take_away(
            page,
            "pattern",
            header=["token", *now.labels],
            rows=[[name, *map(float, row)] for name, row in zip(now.labels, steps.pattern, strict=True)],
            code=snippets.cell_code(now, cell, causal),
        )
with right:
    with page_parts.card("attention-where", words["why"]["title"].format(value=digits(float(steps.pattern[cell])))):
        view.where_from(words, now, steps, cell, causal)
    alone = computed.without(now, [(now.layer, now.head)])
    view.ask(page, now, alone)

left, right = st.columns([1.55, 1], gap="medium")
with right:
    with page_parts.card("attention-carried", words["carried"]["title"]):
        view.carried(words, now, steps, cell[0])
    with page_parts.card("attention-measured", words["heads"]["measured"].format(layer=now.layer + 1, head=now.head + 1)):
        view.measured(words, now, scores)
broken = page_parts.break_it(page)
with broken:
    controls, picture = st.columns([1, 1.55], gap="large")
    with controls:
        off = view.choose_heads(words, now)
        seen = computed.without(now, off)
        view.losses(words, seen)
    with picture:
        view.bars(words, now, seen)
        page_parts.provenance(now)
        code = snippets.without_code(now, off, seen.position)
        page_parts.take_away(page, "without", header=["token id", "before", "after"], rows=view.change_rows(seen), code=code)
    with st.expander(words["off"]["each_title"], on_change="rerun", key="attention-each-open") as each:
        if each.open:
            view.each_head(words, now)
with left, page_parts.card("attention-heads", words["heads"]["title"], words["heads"]["text"]):
    view.all_heads(words, now, scores, causal, off)
    page_parts.provenance(now)
    header, rows = view.score_rows(scores)
    page_parts.take_away(page, "heads", header=header, rows=rows, code=snippets.heads_code(now))
page_parts.finish(page)
