"""Settings of this process that make training quicker; each is optional and changes no number."""

from __future__ import annotations

import ctypes
import os

M_TRIM_THRESHOLD = -1  # glibc's malloc.h
M_MMAP_THRESHOLD = -3
ONE_GIGABYTE = 1 << 30


def keep_freed_memory() -> bool:
    """Ask glibc to keep freed memory for the next allocation instead of returning it to the system.

    A training step frees and allocates the same tensors again and again; without this each large one is fetched from the
    system page by page every time (4-6 % of a step of a two-layer model). Call it before torch is imported. The process
    then keeps its peak memory until it ends, which suits a process that trains, not a server.

    Returns:
        True when the setting was made; False where there is no glibc (Windows, macOS, musl), where nothing changes.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, ONE_GIGABYTE)) and bool(mallopt(M_TRIM_THRESHOLD, ONE_GIGABYTE))


def be_nice(by: int = 10) -> bool:
    """Give way to other processes, so that a server on the same cores stays quick (training loses little: it waits for nothing).

    Returns:
        False where the system has no such thing (Windows; there the launcher asks for a lower priority).
    """
    try:
        os.nice(by)
    except (AttributeError, OSError):
        return False
    return True
