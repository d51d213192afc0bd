"""A small transformer language model, fully visible.

Reading order: config, tokenizers, corpora, model, trace, sampling, decoding, training, optim, interpret, checkpoints, hf.
Nothing here imports Streamlit or Plotly: it works the same in a notebook.
"""
