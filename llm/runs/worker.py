"""The process that trains: ``python -m llm.runs.worker [FOLDER]``.

Without a folder it loads PyTorch and everything else, and then waits for a line of JSON on its standard input: ``{"prepare":
{...}, "cache": ROOT}`` makes data ready, ``{"run": FOLDER}`` trains that run and ends. So a start does not wait for PyTorch. When
its input ends first (the server is gone), so does it; once it trains, it depends on nobody.
"""

from __future__ import annotations

from llm.process import be_nice, keep_freed_memory

keep_freed_memory()  # has to come before PyTorch is imported

import json  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

import torch  # noqa: E402

from llm.config import ModelConfig, TrainConfig  # noqa: E402
from llm.data import TokenData  # noqa: E402
from llm.model import Transformer  # noqa: E402
from llm.runs.limits import Limits  # noqa: E402
from llm.runs.prepare import load_data  # noqa: E402
from llm.runs.session import Ending, Session  # noqa: E402
from llm.runs.spec import DataSpec  # noqa: E402
from llm.runs.status import stored_status  # noqa: E402
from llm.runs.store import CACHE  # noqa: E402
from llm.training import Trainer  # noqa: E402


def main(arguments: list[str]) -> int:
    """Train the run of a folder, now or when standard input names one. Exit code 0 when the run's status says how it went."""
    be_nice()
    torch.set_num_threads(1)
    folder = Path(arguments[0]) if arguments else wait_for_a_run()
    if folder is None or not (arguments or stored_status(folder).active):
        return 0  # its owner has stopped it while this process was on its way
    session = Session(folder.absolute(), limits=Limits.from_environment(), cache=folder.absolute().parent / CACHE)
    signal.signal(signal.SIGTERM, session.end)
    try:
        session.run()
    except Ending:
        return 1
    return 0


def wait_for_a_run() -> Path | None:
    """The folder that a line on standard input names; None when the input ends without one."""
    warm_up()
    for line in sys.stdin:
        message = json.loads(line)
        if "run" in message:
            return Path(message["run"])
        if "prepare" in message:
            load_data(DataSpec(**message["prepare"]), cache=Path(message["cache"]) / CACHE)
    return None


def warm_up() -> None:
    """Two steps of a tiny model: the first call of everything is slower than the later ones."""
    ids = torch.arange(64) % 8
    data = TokenData(ids, ids, torch.zeros(1, dtype=torch.long), len(ids))
    config = TrainConfig(steps=2, batch_size=2, optimizer="muon", precision="auto", average_fraction=0.2, flush_denormals=True)
    trainer = Trainer(Transformer(ModelConfig(8, 8, 1, 1, 8)), data, config)
    while trainer.stop_reason is None:
        trainer.advance()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
