"""docs/PROOF.md, and the lines that are printed meanwhile (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from prove.row import Outcome, Row, Value

HEAD = """\
# The proof

Written by `make prove`: what was done to the running system, what had to hold, and what was
measured. 0/0/0 is lost, duplicated, out of order, of all that was answered 2xx. Each row has
PostgreSQL, Valkey, an SMTP server, web processes and workers of its own, on their shipped settings.
A ledger holds every answer, each screen writes down what it shows, and a checker that has its own
tests (`tests/prove/`) compares the files afterwards. Where a row says *control*, somebody without
the repair under test looked on: had they lost nothing, the fault would not have bitten, and the row
counts as missed. Two rows run at once, those that want a quiet machine among themselves; what
missed a time beside another row, and nothing else, is run again alone, and both are told. One row
alone: `python3 dev.py prove --rows 3`; small, within minutes: `--quick`. Half an hour at 500 fixes
a second: `make soak`. A row is a module of `prove/rows/`.
"""
NOT_COVERED = """\
## What is not covered

- **Power loss.** Processes are killed, not the kernel: what was handed to the system's page cache
  survives. PostgreSQL has `fsync` and `synchronous_commit` on here, as in production; that the disk
  keeps what it confirmed cannot be tried without a machine of its own to cut off. Valkey flushes
  every second: what it loses then is queue, which the outbox fills again.
- **A full disk.** PostgreSQL answers with errors, which become 503; Valkey refuses writes, which
  the outbox bridges. Neither was tried: filling this machine's only disk would end the harness.
- **Failover** of PostgreSQL or Valkey to a replica: there is one of each here. A replica that lags
  when it is promoted forgets what was answered 2xx unless replication is synchronous.
- **Networks between machines.** Everything runs on one host, through the loopback and the harness's
  own proxy; clocks cannot differ.
- **Size.** Two processors carry the system and its load. Times are theirs; `bench/RESULTS.md` has
  what was measured without faults.
"""


@dataclass(frozen=True)
class Proved:
    """A row with what it found, the seconds that it took, and the load when it ended."""

    row: Row
    outcome: Outcome
    seconds: float
    load: float

    def line(self) -> str:
        """For the terminal."""
        verdict = f"row {self.row.number:2d}  {self.outcome.verdict:6s}  {self.seconds:4.0f} s  "
        missed = "".join(f"\n      {miss.kind}: {miss.text}" for miss in self.outcome.misses)
        return verdict + measured(self.outcome) + missed


def measured(outcome: Outcome) -> str:
    """What was measured, in one line."""
    return "; ".join(f"{name} {_number(value)}" for name, value in outcome.measured.items())


def _number(value: Value) -> str:
    if isinstance(value, float):
        return f"{value:,.3f}".rstrip("0").rstrip(".")
    return f"{value:,}" if isinstance(value, int) else value


def markdown(proved: Sequence[Proved], machine: str, seed: int, *, quick: bool) -> str:
    """The whole page."""
    missed = [one for one in proved if one.outcome.misses]
    held = f"{len(proved) - len(missed)} of {len(proved)} rows held."
    table = [
        "| # | fault or abuse | to reach | measured | s | load | verdict |",
        "|---|---|---|---|---|---|---|",
        *(_table_row(one) for one in proved),
    ]
    small = " **Run small (`--quick`): fewer events, clients and faults than the table says.**"
    about = f"{machine} Seed {seed}. {held}{small if quick else ''}"
    parts = [f"{HEAD}\n{about}", "\n".join(table)]
    if missed:
        parts.append("## Missed\n\n" + "\n".join(line for one in missed for line in _misses(one)))
    if notes := [line for one in proved for line in _notes(one)]:
        parts.append("## Notes\n\n" + "\n".join(notes))
    return "\n\n".join([*parts, NOT_COVERED])


def _table_row(one: Proved) -> str:
    row, verdict = one.row, one.outcome.verdict
    cells = [
        str(row.number),
        row.fault,
        row.reach,
        measured(one.outcome),
        f"{one.seconds:.0f}",
        f"{one.load:.1f}",
        verdict if verdict == "held" else f"**{verdict}**",
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _misses(one: Proved) -> list[str]:
    return [f"- {one.row.number}, {miss.kind}: {miss.text}" for miss in one.outcome.misses]


def _notes(one: Proved) -> list[str]:
    return [f"- {one.row.number}: {note}" for note in one.outcome.notes]
