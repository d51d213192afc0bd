"""The Positions page's parts."""
