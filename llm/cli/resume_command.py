"""``python -m llm resume``: go on with a run that was stopped, killed or has failed."""

from __future__ import annotations

from llm.process import keep_freed_memory

keep_freed_memory()  # has to come before PyTorch is imported

from argparse import Namespace  # noqa: E402
from pathlib import Path  # noqa: E402

from llm.cli.progress import TrainingProgress, wanted  # noqa: E402
from llm.cli.setup import use_threads  # noqa: E402
from llm.cli.train_command import report  # noqa: E402
from llm.cli.training import train_folder  # noqa: E402
from llm.explosion import REASON as EXPLODED  # noqa: E402
from llm.runs.control import Controls, forget_commands  # noqa: E402
from llm.runs.locks import is_held  # noqa: E402
from llm.runs.recovery import way_back  # noqa: E402
from llm.runs.state import go_back  # noqa: E402
from llm.runs.status import stored_status  # noqa: E402
from llm.runs.store import Run  # noqa: E402


def run(args: Namespace) -> dict[str, object]:
    """Train on from the newest state and return what the JSON line of ``train`` says.

    A run that has exploded goes on from its last good state, with a lower rate.
    """
    use_threads(args.threads)
    folder = Path(args.folder)
    args.out = args.folder
    if not (folder / "spec.json").is_file():
        raise ValueError(f"{folder} is no training run; give the folder that train --out or the app wrote")
    if is_held(folder):
        raise ValueError(f"{folder} is being trained in by another process")
    if stored_status(folder).state == "done":
        raise ValueError(f"{folder} has finished; start a new run to train longer")
    forget_commands(folder)
    if stored_status(folder).reason == EXPLODED:
        slower = way_back(Run(folder)).learning_rate
        go_back(folder)
        Controls(Run(folder)).change(learning_rate=slower)
    return report(train_folder(folder, TrainingProgress(wanted(args.progress))), args)
