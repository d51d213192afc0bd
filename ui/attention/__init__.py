"""The Attention page's parts: what it draws, how a cell is explained, and what its link keeps."""
