"""Attention: one head step by step, every head at a glance, and what is lost without them."""

import streamlit as st

from ui import cached_attention as computed
from ui import page as page_parts
from ui import snippets_attention as snippets
from ui.attention import address as address
from ui.attention import cell as cell_parts
from ui.attention import view as view
from ui.origin import view as origin

page = page_parts.start("attention")
words, now = page.words, page.reading
scores = computed.scores(now.model_id, now.step)
asked = address.linked()
view.hear(now)
own = str(now.config.causal).lower()
here = words["layer_head"].format(layer=now.layer + 1, head=now.head + 1)

left, right, below = st.columns([1.55, 1, 1.55], gap="medium")  # the last under the first, but read after both (app.css)

with left, page_parts.card("attention-pattern"):
    view.heading(words, now, scores)
    chips = st.container()
    with st.container(horizontal=True, gap="medium"):
        shown_as = view.choice(words["views"], ["matrix", "lines"], asked.view or "matrix", address.VIEW)
        other = {"true": "false", "false": "true"}[own]
        mask = view.choice(words["mask"], ["true", "false"], other if asked.swapped else own, f"{address.MASK}-{own}")
    causal = mask == "true"
    steps = computed.steps_of(now, causal)
    cell = view.first_cell(now, steps)
    name, vector = "softmax", None
    if shown_as == "lines":
        view.pattern_lines(words, now, steps, cell)
    else:
        names = cell_parts.step_names(now.config)
        first = asked.step if asked.step in names else name
        name = view.choice(words["steps"], names, first, address.STEP, d=now.config.d_head)
        vector = view.step_matrix(words, now, steps, name, cell)
    page_parts.prose(cell_parts.about(words, name, steps, now.config, causal=causal))
    with chips:
        view.chips(now, cell)
    if mask != own:
        kind = "causal" if now.config.causal else "bidirectional"
        st.info(words["mask"][f"not_trained_{kind}"])
        here += f" · {words['mask'][f'swapped_{kind}']}"
    if len(now.ids) == 1:
        st.caption(words["one_token"])
    rows = [[token, *map(float, row)] for token, row in zip(now.labels, steps.pattern, strict=True)]
    view.foot(page, now, "pattern", ["token", *now.labels], rows, snippets.cell_code(now, cell, causal), here)

with right, page_parts.card("attention-where"):
    origin.show(now, *cell_parts.target(now, name, cell, vector), key="attention-where", causal=causal)


def question() -> None:
    """Whether this head is needed."""
    view.ask(page, now, computed.without(now, [(now.layer, now.head)]))


def measures() -> None:
    """What the detectors say of this head."""
    with page_parts.card("attention-measured", words["heads"]["measured"].format(layer=now.layer + 1, head=now.head + 1)):
        view.measured(words, now, scores)


layers = now.config.n_layers  # few layers are a low picture: then a part of the long right side stands under it
with right:
    if layers != 2:
        question()
    with page_parts.card("attention-carried", words["carried"]["title"]):
        view.carried(words, now, steps, cell[0])
    if layers > 1:
        measures()

with below:
    with page_parts.card("attention-heads", words["heads"]["title"], words["heads"]["text"]):
        view.all_heads(words, now, scores, causal, view.switched_off(view.heads_off(now)))
        view.foot(page, now, "heads", *view.score_rows(scores), snippets.heads_code(now))
    if layers == 2:
        question()
    if layers == 1:
        measures()

with page_parts.break_it(page):
    controls, picture = st.columns([1, 1.55], gap="large")
    with controls:
        view.choose_heads(words, now)
        off = view.heads_off(now)
        seen = computed.without(now, off)
        view.losses(words, seen, causal=now.config.causal)
    with picture:
        view.bars(words, now, seen)
        code = snippets.without_code(now, off, seen.position)
        view.foot(page, now, "without", ["token id", "before", "after"], view.change_rows(seen), code)
    with st.expander(words["off"]["each_title"], on_change="rerun", key="attention-each-open") as each:
        if each.open:
            view.each_head(words, now)

address.keep(address.Shown(shown_as, name, mask != own))
page_parts.finish(page)
