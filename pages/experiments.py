"""Experiments: two models on one sentence, experiments at one click, and sweeps over two knobs."""

from ui import page as page_parts
from ui.experiments import click, pair, sweep

VIEWS = {"one": click.show, "pair": pair.show, "sweep": sweep.show}

page = page_parts.start("experiments")
view = page_parts.choose_view(page, list(VIEWS), "experiment")
VIEWS[view](page)
page_parts.finish(page)
