"""The whole model: the map of all parts, and beside it the chosen token's road, whose stations light up with the parts."""

from __future__ import annotations

import streamlit as st

from ui import cached, model_map
from ui import page as page_parts
from ui.cached_layers import lens_at
from ui.layers.road import chosen_station, road_of, settled
from ui.layers.spot import Spot
from ui.text import load


def show(spot: Spot) -> None:
    words = load("home")["map"]
    left, right = st.columns([1.2, 1], gap="medium")
    with left, page_parts.card("layers-whole", words["title"], words["text" if spot.now.config.residual else "text_no_residual"]):
        model_map.show(spot.now, spot.position, key=spot.key("whole"), layer=spot.layer)
        page_parts.provenance(spot.now, f"{cached.parameter_count(spot.now.model_id):,} {words['weights']}")
    with right:
        with page_parts.card("layers-road", spot.page["road.title"], spot.page["road.caption"]):
            road_of(spot, chosen_station(spot))
            page_parts.provenance(spot.now)
        settled(spot, lens_at(spot.now, spot.position))
