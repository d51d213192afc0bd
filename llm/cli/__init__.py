"""The command line: one module a command, imported only when it runs, because PyTorch takes a second to import."""

from __future__ import annotations

import json
import shlex
import sys
import time
from importlib import import_module

from llm.cli.parser import build_parser

USER_ERROR = 2


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code: 0, or 2 with one sentence on stderr when something asked for cannot be done."""
    started = time.perf_counter()
    arguments = sys.argv[1:] if arguments is None else arguments
    args = build_parser().parse_args(arguments)
    args.started = started
    args.command_line = "python -m llm " + shlex.join(arguments)
    try:
        result = import_module(f"llm.cli.{args.command}_command").run(args)
    except (ValueError, OSError) as error:
        print(" ".join(_sentence(error).split()), file=sys.stderr)
        return USER_ERROR
    except KeyboardInterrupt as stop:
        print(f"Stopped; {stop}" if str(stop) else "Stopped.", file=sys.stderr)
        return 130
    if args.json:
        print(json.dumps(result), flush=True)
    return 0


def _sentence(error: Exception) -> str:
    """What a person can read; of the operating system's errors the reason and the file, without the number."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'a file'} cannot be read or written: {error.strerror.lower()}"
    return str(error)
