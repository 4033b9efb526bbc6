"""(h): candidates of a trip over a large fleet; a day's trips assigned, against first-fit."""

from __future__ import annotations

import json
from dataclasses import dataclass

from bench.common import Bench
from bench.results import Row

FLEET, TRIPS = 40, 400
LARGE_FLEET, PER_VEHICLE = 500, 2


@dataclass(frozen=True)
class Found:
    """What `bench.dispatch_work` measured. First-fit: each trip to the first crew that can."""

    candidates_ms: float
    statements: int
    feasible: int
    assign_s: float
    assigned: int
    lateness_s: float
    left: int
    first_fit_lateness_s: float
    first_fit_left: int


def dispatch(bench: Bench) -> None:
    """Candidates and automatic assignment; nothing else runs meanwhile."""
    bench.say("(h) candidates and automatic assignment")
    printed = bench.stage.run("dispatch", ["-m", "bench.dispatch_work"], bench.ours)
    for row in rows(Found(**json.loads(printed.splitlines()[-1]))):
        bench.results.add(row)


def rows(found: Found) -> list[Row]:
    """As a table; the text-book column is first-fit where there is a comparison."""
    fleet = f"{LARGE_FLEET} vehicles with {PER_VEHICLE} trips each"
    day = f"{TRIPS} trips to {FLEET} vehicles"
    return [
        Row(
            f"(h) candidates over {fleet}",
            "p50, ms",
            found.candidates_ms,
            target="< 50",
            note=f"{found.statements} statements, {found.feasible} feasible",
        ),
        Row(
            f"(h) auto-assign {day}",
            "s",
            found.assign_s,
            target="< 60",
            note=f"{found.assigned} assigned and committed one by one",
        ),
        Row(
            "(h) total lateness of that day",
            "min",
            found.lateness_s / 60,
            found.first_fit_lateness_s / 60,
            "better than first-fit",
            note=f"beside first-fit; left over {found.left}, by first-fit {found.first_fit_left}",
        ),
    ]
