"""Where the program begins. A shell that asks for completions is answered without click and without any command."""

from __future__ import annotations

import os
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Runs a command, or answers a shell, and ends the process."""
    if "_SC_COMPLETE" in os.environ:
        from scopecraft.cli.completing import print_answers

        print_answers(sys.argv[1:], os.environ)
        sys.exit(0)
    from scopecraft.cli.main import main as run

    run()
