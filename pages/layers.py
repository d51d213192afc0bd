"""Layers."""

from ui import page as page_parts

page = page_parts.start("layers")
page_parts.finish(page)
