"""Home: a sentence goes in, the model continues it; the whole model on one map; the path through the pages."""

import streamlit as st

from ui import cached, cached_home, locked, model_map, path
from ui import page as page_parts
from ui.components.story import story
from ui.components.tokens import token_strip
from ui.snippets_home import continuation_code

page = page_parts.start("home")
now = page.reading
seed = st.session_state.setdefault("home_seed", 0)
before = st.session_state.get("home_sentence")
st.session_state["home_sentence"] = now.sentence

if not now.config.causal:
    st.info(page["blanks"], icon=":material/info:")

with page_parts.card("home-story"):
    steps = cached_home.continuation(now.model_id, now.step, now.ids, seed)
    run = f"{now.model_id} {now.step} {now.sentence} {seed}"
    typed = before is not None and before != now.sentence
    played = st.session_state.pop("home_play", False) or typed
    if story(now.sentence, steps, page["story"], run=run, play=played, key="home-story"):
        st.session_state["home_seed"] = seed + 1
        st.session_state["home_play"] = True
        st.rerun()
    page_parts.provenance(now, page["sampled"].format(temperature=cached_home.TEMPERATURE, k=cached_home.TOP_K))
    page_parts.take_away(
        page,
        "story",
        header=["token", "probability"],
        rows=[(step.shown, step.probability) for step in steps],
        code=continuation_code(now, seed),
    )

left, right = st.columns([1.15, 1], gap="medium")
with left, page_parts.card("home-map", page["map.title"], page["map.text" if now.config.residual else "map.text_no_residual"]):
    locked.hear(now.scope, strip := f"home-token-{now.scope}-{locked.current_round()}", "picked")
    lock = locked.of(now.scope)
    st.caption(page["map.tokens"])
    token_strip(now.chips, key=strip, pick=True, sentence=now.scope)
    model_map.show(now, lock.token if lock else len(now.ids) - 1, key="home-map")
    page_parts.provenance(now, f"{cached.parameter_count(now.model_id):,} {page['map.weights']}")
with right:
    best = cached_home.best_probability(now.model_id, now.step, now.ids)
    page_parts.predict(page, "predict", 0 if best < 0.2 else 1 if best < 0.6 else 2, page["predict.reveal"], best=f"{best:.2f}")
    with page_parts.break_it(page):
        st.markdown(page["break.how" if len(now.info.steps) > 1 else "break.how_none"])
    with page_parts.card("home-path", page["path.title"], page["path.text"]):
        path.show(page)

page_parts.finish(page)
