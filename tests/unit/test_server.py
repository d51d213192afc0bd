"""What happens before the first visitor: in which order, because a measurement beside a busy thread is far off."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import torch

from ui import cached, cached_pretraining, cached_tokenization, runs, server


class NoTicker:
    """No queue: nothing is trained here."""

    def __init__(self, *args, **options) -> None:
        pass

    def close(self) -> None:
        pass


def started(monkeypatch, preload: str) -> list[str]:
    """The order in which the launcher's beginning does its work."""
    seen, threads = [], torch.get_num_threads()
    warm = threading.Event()
    monkeypatch.setenv(server.PRELOAD, preload)
    monkeypatch.setattr(runs, "Ticker", NoTicker)
    monkeypatch.setattr(cached, "warm_up", lambda: seen.append("first model"))
    monkeypatch.setattr(cached_pretraining.estimate, "measure", lambda: seen.append("measured"))
    monkeypatch.setattr(cached_tokenization, "warm_up", lambda: (seen.append("tokenizers"), warm.set()))
    cached_pretraining._measurement.clear()

    async def begin() -> None:
        async with server.lifespan(None):
            await asyncio.to_thread(warm.wait, 60 if preload == "1" else 0)

    try:
        with ThreadPoolExecutor(1) as other:  # the signals and the event loop of this thread are the test runner's
            other.submit(lambda: asyncio.run(begin())).result()
    finally:
        torch.set_num_threads(threads)
        cached_pretraining._measurement.clear()
    return seen


def test_the_machine_is_measured_before_any_thread_is_busy(monkeypatch) -> None:
    assert started(monkeypatch, "1") == ["first model", "measured", "tokenizers"]


def test_nothing_is_loaded_ahead_where_that_is_not_wanted(monkeypatch) -> None:
    assert started(monkeypatch, "0") == ["first model"]


def test_a_folder_without_a_model_is_said_in_the_log(monkeypatch, caplog, tmp_path) -> None:
    monkeypatch.setenv("GLASSFORMER_MODELS", str(tmp_path / "typed-wrong"))
    started(monkeypatch, "0")
    assert "typed-wrong holds no model" in caplog.text
