"""``python -m llm``: train, generate, eval and trace from the command line."""

import sys

from llm.cli import main

if __name__ == "__main__":
    sys.exit(main())
