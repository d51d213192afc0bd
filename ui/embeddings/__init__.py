"""The parts of the Embeddings page, one for each view."""
