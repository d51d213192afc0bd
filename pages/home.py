"""Home: a sentence goes in, the model continues it."""

from ui import page as page_parts

page = page_parts.start("home")
page_parts.finish(page)
