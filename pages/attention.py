"""Attention."""

from ui import page as page_parts

page = page_parts.start("attention")
page_parts.finish(page)
