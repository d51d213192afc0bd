"""Pre-training: start a run, watch it learn, change it while it trains, and compare it with others."""

import streamlit as st

from ui import page as page_parts
from ui import visitor
from ui.pretraining import before, choose, controls, guess, stage, starter, table, take, views
from ui.pretraining.facts import facts, trained_here

page, view = views.start()
if view != views.TRAIN:
    views.show(page, view)
    st.stop()
run = choose.shown(page)
if run is None:
    starter.show(page, compact=False, below=before.show)
else:
    starter.show(page, compact=True)
    known = facts(run)
    stage.show(page, run, known, choose.beside(run))
    if trained_here(run):
        left, right = st.columns([1.55, 1], gap="medium")
        with left, page_parts.break_it(page):
            controls.experiment(page, run, mine=run.is_owner(visitor.visitor()))
        if known.exact:
            with right:
                guess.ask(page, known.vocab_size)
table.show(page, run)
if run is not None and trained_here(run):
    take.show(page, run)
page_parts.finish(page)
