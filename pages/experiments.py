"""Experiments: two models on one sentence, experiments at one click, and sweeps over two knobs."""

from ui import page as page_parts
from ui import ways
from ui.experiments import address, click, pair, sweep

VIEWS = {"one": click.show, "pair": pair.show, "sweep": sweep.show}

address.follow(entered=ways.entering("experiments"))
page = page_parts.start("experiments")
view = page_parts.choose_view(page, list(VIEWS), "experiment")
VIEWS[view](page)
page_parts.finish(page)
