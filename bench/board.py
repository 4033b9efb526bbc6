"""(i): the board of 2,000 open trips: reading it, and estimating all of it anew."""

from __future__ import annotations

import json
from dataclasses import dataclass

from bench.common import Bench
from bench.results import Row

TRIPS, VEHICLES, PATIENTS = 2_000, 200, 1_000


@dataclass(frozen=True)
class Found:
    """What `bench.board_work` measured, medians."""

    query_ms: float
    statements: int
    rows_ms: float
    snapshot_ms: float
    snapshot_kb: float
    estimate_ms: float
    estimate_all_ms: float


def board(bench: Bench) -> None:
    """Reading and estimating; nothing else runs meanwhile."""
    bench.say("(i) the board of many trips")
    printed = bench.stage.run("board", ["-m", "bench.board_work"], bench.ours)
    for row in rows(Found(**json.loads(printed.splitlines()[-1]))):
        bench.results.add(row)


def rows(found: Found) -> list[Row]:
    """As a table."""
    trips = f"{TRIPS:,} open trips, {VEHICLES} vehicles"
    return [
        Row(
            f"(i) the board's statements, {trips}",
            "p50, ms",
            found.query_ms,
            target="< 30",
            note=f"{found.statements} statements, sent and fetched",
        ),
        Row("(i) the same as rows that are shown", "p50, ms", found.rows_ms),
        Row(
            "(i) the whole snapshot, encoded",
            "p50, ms",
            found.snapshot_ms,
            note=f"{found.snapshot_kb:,.0f} KB, with vehicles and estimates",
        ),
        Row("(i) a round of estimates that changes nothing", "p50, ms", found.estimate_ms),
        Row(
            "(i) a round of estimates that changes most",
            "p50, ms",
            found.estimate_all_ms,
            target="< 1,000",
        ),
    ]
