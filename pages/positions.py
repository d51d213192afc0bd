"""Positions: where the order of the tokens enters the model."""

from ui import cached_positions as computed
from ui import page as page_parts
from ui.positions import breaking, views

page = page_parts.start("positions")
shown = {"scheme": views.show_scheme, "sum": views.show_sum, "distance": views.show_distance, "shuffle": views.show_shuffle}
if computed.family():
    shown["without"] = views.show_without
shown[page_parts.choose_view(page, list(shown), "order")](page)

breaking.show(page)
page_parts.finish(page)
