"""Training runs: a folder each, written by a worker process and read by everything else.

Reading order: spec, limits, status, metrics, store, control, queue; then what the worker needs PyTorch for: prepare, state,
samples, record, session, worker. Only those import PyTorch, so pages and the command line list runs cheaply.
"""
