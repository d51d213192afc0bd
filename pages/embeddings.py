"""Embeddings."""

from ui import page as page_parts

page = page_parts.start("embeddings")
page_parts.finish(page)
