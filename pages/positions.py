"""Positions."""

from ui import page as page_parts

page = page_parts.start("positions")
page_parts.finish(page)
