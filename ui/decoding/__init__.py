"""The Decoding page's parts: the growing text, the settings in the link, and its views."""
