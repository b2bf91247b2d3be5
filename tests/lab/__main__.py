"""The lab's command line: `python -m tests.lab build|up|down|status|wipe`."""

from __future__ import annotations

import argparse
import sys

from tests.lab import lifecycle, sessions
from tests.lab.basics import LabError


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description=sys.modules[__name__].__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("build", help="install the Debian packages and build the Kubernetes binaries (once)")
    up = commands.add_parser("up", help="start what is not alive, and wait for two Ready nodes")
    up.add_argument("--keep-drift", action="store_true", help="leave a drifted node as it is")
    commands.add_parser("down", help="stop everything; the state stays")
    commands.add_parser("status", help="say what is alive; exit 1 if something is not")
    commands.add_parser("wipe", help="stop everything and forget all state; the binaries stay")
    return parser


def main() -> int:
    arguments = _parser().parse_args()
    try:
        match arguments.command:
            case "build":
                lifecycle.build()
            case "up":
                sessions.keep_up()
                lifecycle.up(keep_drift=arguments.keep_drift)
            case "down":
                lifecycle.down()
            case "wipe":
                lifecycle.wipe()
            case _:
                return 0 if lifecycle.status() else 1
    except LabError as error:
        cause = f" ({error.__cause__})" if error.__cause__ else ""
        print(f"lab: {error}{cause}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
