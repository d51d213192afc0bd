"""What all tests of pages share."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner

from tests.pages.helpers import forget_models


@pytest.fixture(autouse=True, scope="session")
def packages_read_once() -> Iterator[None]:
    """Each AppTest reads the metadata of every installed package, to see which bring components: most of what it costs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", functools.cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture
def extra(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The models that a file of tests has made in its fixture ``folder``, beside those of the box."""
    monkeypatch.setenv("GLASSFORMER_MODELS", str(folder))
    forget_models()
    yield
    forget_models()
