"""The order of files: what takes long begins first, so that in the end no core waits for a long file on another one."""

from __future__ import annotations

import os

import pytest

# Measured with --durations on a quiet machine, longest first. What is not named takes less than any of these.
LONG = (
    "browser/test_pretraining.py",
    "browser/test_life.py",
    "browser/test_odd_tokens.py",
    "browser/test_takeaway.py",
    "browser/test_glass_everywhere.py",
    "browser/test_experiments.py",
    "browser/test_frame.py",
    "browser/test_time.py",
    "browser/test_hidden_tabs.py",
    "browser/test_map.py",
    "browser/test_glass.py",
    "browser/test_layers.py",
    "browser/test_origin.py",
    "browser/test_pretraining_views.py",
    "browser/test_decoding.py",
    "browser/test_decoding_tree.py",
    "browser/test_embeddings.py",
    "browser/test_attention.py",
    "faults/test_faults_kill.py",
    "faults/test_faults_damage.py",
    "unit/test_cli.py",
    "faults/test_faults_disk.py",
    "pages/test_layers.py",
    "faults/test_faults_server.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of one file stay in their order (``make test`` hands files out in the order of this list)."""
    place = {name: i for i, name in enumerate(LONG)}
    items.sort(key=lambda item: place.get("/".join(item.path.parts[-2:]), len(LONG)))


@pytest.fixture(scope="session", autouse=True)
def _nothing_ahead() -> None:
    """Servers of tests load what they are asked for: there are dozens of them, and hardly one is asked for everything."""
    os.environ.setdefault("GLASSFORMER_PRELOAD", "0")
