"""The Experiments page: two models side by side, experiments at one click, sweeps over two knobs."""
