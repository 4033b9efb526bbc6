"""`python -m bench [section …]`: measure and print the tables; all sections: into RESULTS.md."""

from __future__ import annotations

import argparse
import asyncio
import gc
import resource
import time
from collections.abc import Callable
from pathlib import Path

import uvloop

from bench.billing import billing
from bench.board import board
from bench.common import Bench
from bench.dispatch import dispatch
from bench.e2e import e2e
from bench.fanout import fanout, memory
from bench.ingest import batches, ingest
from bench.machine import measured_on
from bench.results import Results
from bench.resume import resume
from bench.screens import screens
from bench.stage import Stage
from bench.status import status
from devtools.bootstrap import SetupError, say

SECTIONS = {
    "ingest": ingest,
    "batches": batches,
    "e2e": e2e,
    "fanout": fanout,
    "status": status,
    "resume": resume,
    "memory": memory,
    "dispatch": dispatch,
    "board": board,
    "billing": billing,
    "screens": screens,
}
RESULTS = Path(__file__).with_name("RESULTS.md")
VEHICLES = 400
WATCHERS = 1_000


def main() -> int:
    """Measure the named sections, all without a name; the exit code."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="section", help=", ".join(SECTIONS))
    parser.add_argument("--no-textbook", action="store_true", help="measure only our own")
    options = parser.parse_args()
    if unknown := set(options.sections) - set(SECTIONS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    _raise_file_limit()
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    # A collection over a million latencies would show up as latency.
    gc.disable()
    try:
        text = run(options.sections or list(SECTIONS), textbook=not options.no_textbook)
    except SetupError as error:
        print(f"bench: {error}")
        return 1
    print(text)
    if not options.sections:
        RESULTS.write_text(text)
    return 0


def run(sections: list[str], *, textbook: bool) -> str:
    """Start the services, measure, stop them; the tables with what they were measured on."""
    start = time.monotonic()
    stage = Stage(say)
    try:
        stage.start()
        say("   0 s  seeding …")
        ours = stage.ours(VEHICLES, WATCHERS)
        say_when = progress(start)
        beside = stage.textbook(VEHICLES) if textbook else None
        bench = Bench(stage, ours, beside, say_when, Results(say_when))
        for name in sections:
            SECTIONS[name](bench)
            gc.collect()
    finally:
        stage.end()
    head = heading(time.monotonic() - start)
    return f"{head}\n{bench.results.markdown()}"


def progress(start: float) -> Callable[[str], None]:
    """Say something with the seconds since `start`."""
    return lambda text: say(f"{time.monotonic() - start:4.0f} s  {text}")


def heading(seconds: float) -> str:
    """Machine, commit and date."""
    return f"# Measured by `make bench`\n\n{measured_on(seconds)}\n"


def _raise_file_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


if __name__ == "__main__":
    raise SystemExit(main())
