"""Embeddings: the row of numbers behind each token, and where all tokens lie."""

from ui import page as page_parts
from ui.embeddings import analogies, cloud, likeness, lookup, near, spot

VIEWS = {"lookup": lookup.show, "cloud": cloud.show, "likeness": likeness.show, "analogies": analogies.show}

page = page_parts.start("embeddings")
view = page_parts.choose_view(page, list(VIEWS), "vectors")
VIEWS[view](spot.choose(page))
if view != "cloud":  # there it stands under the picture, beside the long reading
    near.break_card(spot.choose(page))
page_parts.finish(page)
