"""What the pages share: frame, state, caching, figures, components, texts."""
