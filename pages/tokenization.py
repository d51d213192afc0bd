"""Tokenization."""

from ui import page as page_parts

page = page_parts.start("tokenization")
page_parts.finish(page)
