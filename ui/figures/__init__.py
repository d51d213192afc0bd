"""Plotly figures as pure functions: arrays and a palette in, ``go.Figure`` out."""
