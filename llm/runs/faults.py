"""What went wrong, in one word for programs and one sentence for people."""

from __future__ import annotations

import errno

from llm.explosion import REASON as EXPLODED
from llm.explosion import Exploded

DISK_FULL = frozenset(getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EFBIG") if hasattr(errno, name))
NOT_WRITABLE = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
OUT_OF_MEMORY = ("not enough memory", "can't allocate memory", "out of memory")  # of PyTorch's RuntimeErrors


def explain(error: BaseException) -> tuple[str, str]:
    """(reason, sentence) for anything that can end a training process."""
    if isinstance(error, OSError) and error.errno in DISK_FULL:
        return "disk", "The disk is full. Nothing that was saved is lost: free some space, then resume."
    if isinstance(error, OSError) and error.errno in NOT_WRITABLE:
        return (
            "folder",
            "The folder of this run cannot be written. Nothing that was saved is lost: make it writable, then resume.",
        )
    if isinstance(error, MemoryError) or any(text in str(error).lower() for text in OUT_OF_MEMORY):
        return "memory", "There is not enough memory for this model and batch; choose smaller ones."
    if isinstance(error, ValueError):
        sentence = " ".join(str(error).split())
        reason = EXPLODED if isinstance(error, Exploded) else "value"
        return reason, sentence[:1].upper() + sentence[1:] + ("" if sentence.endswith((".", "!", "?")) else ".")
    kind = type(error).__name__
    return "error", f"Training ended because of an error in the program ({kind}); worker.log in the run's folder says where."


def cannot_store(name: str, error: OSError) -> str:
    """Why nothing can be written to a folder of runs, and what to do."""
    if error.errno in DISK_FULL:
        return "the disk is full; delete runs that are no longer needed, or free space, and try again"
    reason = error.strerror or str(error)
    return f"runs cannot be stored in {name} ({reason}); set GLASSFORMER_RUNS to a folder that can be written"
