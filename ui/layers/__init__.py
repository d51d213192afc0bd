"""The parts of the Layers page, one file each; only the one that is open runs."""
