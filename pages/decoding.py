"""Decoding."""

from ui import page as page_parts

page = page_parts.start("decoding")
page_parts.finish(page)
