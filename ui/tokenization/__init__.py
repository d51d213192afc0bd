"""The parts of the Tokenization page: its text box, and one module for each view."""
