"""`python -m prove.child`: one row on a stack of its own; its outcome goes into a file."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import resource
import sys
import traceback
from pathlib import Path

from prove.row import Miss, Outcome, load
from prove.stack import Stack


def main() -> int:
    """Run the row; 0 also where it missed: the outcome says so."""
    parser = argparse.ArgumentParser(prog="prove.child", description=__doc__)
    parser.add_argument("--row", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--scale", type=float, required=True)
    parser.add_argument("--prepared", type=Path, required=True, metavar="DIR")
    parser.add_argument("--outcome", type=Path, required=True, metavar="FILE")
    options = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    stack = Stack(options.prepared)
    options.outcome.with_suffix(".stack").write_text(str(stack.data))
    try:
        stack.open()
        outcome = run(stack, options.row, options.seed, options.scale)
    finally:
        stack.close()
    options.outcome.write_text(outcome.to_json())
    return 0


def run(stack: Stack, number: int, seed: int, scale: float) -> Outcome:
    """The row's outcome; an exception of its own is one more thing that was not reached."""
    os.environ.update(stack.env)
    import django

    django.setup()
    # A line per request would be most of a row's log.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    row = load(number)
    if sys.platform != "win32":
        import uvloop

        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    try:
        return row.run(stack, seed, scale)
    except Exception as error:
        traceback.print_exc()
        for log in stack.logs():
            print(f"--- {log.name}\n{log.read_text(errors='replace')[-2_000:]}", file=sys.stderr)
        return Outcome(misses=[Miss("promise", f"{type(error).__name__}: {error}"[:500])])


if __name__ == "__main__":
    raise SystemExit(main())
