"""`python -m prove`: run the rows, each on a stack of its own, and write docs/PROOF.md."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.machine import measured_on
from devtools.bootstrap import ROOT, SetupError, say
from devtools.processes import log_tail
from prove.lanes import again_alone, in_two_lanes
from prove.report import Proved, markdown
from prove.row import Miss, Outcome, Row, load, numbers
from prove.stack import prepare, wait_gone

PROOF = ROOT / "docs" / "PROOF.md"
SEED = 20_261_120
#: For starting and ending a stack, on top of a row's own bound.
AROUND_S = 60.0
#: All rows together; what has not begun by then has missed. Twenty minutes are wanted: a slower
#: machine needs a little more, and a row that was not run proves nothing.
MOST_S = 1_500.0


def main() -> int:
    """Run the rows that were asked for; 0 when each held."""
    options = parser().parse_args()
    chosen = _chosen(options.rows)
    os.environ.setdefault("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    os.environ.update(DJANGO_SETTINGS_MODULE="config.settings", ATW_PROFILE="dev")
    import django

    # Rows import models; nothing here connects to anything.
    django.setup()
    start = time.monotonic()
    try:
        proved = run([load(number) for number in chosen], options.seed, options.quick)
    except SetupError as error:
        print(f"prove: {error}", file=sys.stderr)
        return 1
    page: Path | None = options.page
    if page is None and not options.rows and not options.quick:
        page = PROOF
    if page is not None:
        machine = measured_on(time.monotonic() - start)
        page.write_text(markdown(proved, machine, options.seed, quick=options.quick))
        say(f"written: {page}")
    missed = [one.row.number for one in proved if one.outcome.misses]
    say(f"missed: {', '.join(map(str, missed))}" if missed else f"{len(proved)} rows held")
    return 1 if missed else 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="prove", description=__doc__)
    parser.add_argument("--rows", default="", metavar="1,3", help="only these")
    parser.add_argument("--quick", action="store_true", help="smaller")
    parser.add_argument(
        "--page", type=Path, metavar="FILE", help="docs/PROOF.md where all rows are run whole"
    )
    parser.add_argument("--seed", type=int, default=SEED)
    return parser


def _chosen(words: str) -> list[int]:
    known = numbers()
    chosen = [int(word) for word in words.split(",") if word.strip().isdigit()] or known
    if unknown := set(chosen) - set(known):
        parser().error(f"there is no row {', '.join(map(str, sorted(unknown)))}")
    return chosen


def run(rows: Sequence[Row], seed: int, quick: bool) -> list[Proved]:
    """Run rows, some at once, saying a line as each ends; by number. Raises SetupError."""
    with tempfile.TemporaryDirectory(prefix="atw-proof-") as scratch:
        prepared = Path(scratch, "prepared")
        prepared.mkdir()
        Path(scratch).chmod(0o711)
        prepare(prepared)
        deadline = time.monotonic() + MOST_S

        def one(row: Row, left_s: float = MOST_S) -> Proved:
            start = time.monotonic()
            scale = row.quick if quick else 1.0
            outcome = run_row(row, seed, scale, prepared, Path(scratch), left_s)
            found = Proved(row, outcome, time.monotonic() - start, os.getloadavg()[0])
            say(found.line())
            return found

        found = in_two_lanes(rows, lambda row: one(row, deadline - time.monotonic()))
        # Alone a row has its own bound: what was measured is not given up for "not begun".
        if len(rows) > 1:
            found = [again_alone(each, one) for each in found]
        return sorted(found, key=lambda each: each.row.number)


def run_row(
    row: Row, seed: int, scale: float, prepared: Path, scratch: Path, left_s: float = MOST_S
) -> Outcome:
    """The outcome of one row in a process of its own, which is killed when it takes too long."""
    within_s = min(row.bound_s + AROUND_S, left_s)
    if within_s <= 0:
        return Outcome(misses=[Miss("promise", f"not begun within {MOST_S:g} s of all rows")])
    path, log = scratch / f"row-{row.number}.json", scratch / f"row-{row.number}.log"
    path.unlink(missing_ok=True)
    argv = ["--row", str(row.number), "--seed", str(seed), "--scale", str(scale)]
    argv += ["--prepared", str(prepared), "--outcome", str(path)]
    with log.open("wb") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "prove.child", *argv],
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        late = _ended(child, within_s, path.with_suffix(".stack"))
    if path.exists():
        return Outcome.from_json(path.read_text())
    reason = f"not done within {within_s:.0f} s" if late else "its process died"
    return Outcome(misses=[Miss("promise", f"{reason}:\n{log_tail(log)}")])


def _ended(child: subprocess.Popen[bytes], within_s: float, stack: Path) -> bool:
    """Wait for the end; whether it took too long, and was killed."""
    try:
        child.wait(within_s)
        return False
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        if stack.exists():
            # Its reaper ends what it had started.
            wait_gone(Path(stack.read_text()), within_s=30)
        return True
    except BaseException:
        os.killpg(child.pid, signal.SIGKILL)
        raise


if __name__ == "__main__":
    raise SystemExit(main())
