"""(k): the dispatch board in a real browser, beside the way that every tutorial draws markers."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import Any

from bench.common import Bench
from bench.results import Row

FLEETS = (500, 2_000)
SIMULATED_MINUTES = 30


@dataclass(frozen=True)
class Load:
    """What one second of a fleet at 1 Hz costs the browser; long tasks are over 50 ms each."""

    main_thread_ms: float
    browser_cpu_ms: float
    long_tasks: float


@dataclass(frozen=True)
class Found:
    """What `bench.screens_work` measured; `heap_mb` after each five simulated minutes."""

    useful_ms: float
    useful_vehicles: int
    own_js_kb: float
    ours: list[Load]
    textbook: list[Load]
    heap_mb: list[float]
    heap_frames: int


def screens(bench: Bench) -> None:
    """Chromium against a real server; without one the section is left out."""
    bench.say("(k) the dispatch board in Chromium")
    if shutil.which("chromium") is None:
        bench.say("  left out: no Chromium on PATH")
        return
    textbook = [] if bench.textbook is None else ["--textbook"]
    with bench.stage.serving(bench.ours, "uvicorn") as running:
        work = ["-m", "bench.screens_work", "--port", str(running.port), *textbook]
        printed = bench.stage.run("screens", work, bench.ours)
    for row in rows(_read(printed.splitlines()[-1])):
        bench.results.add(row)


def _read(text: str) -> Found:
    given: dict[str, Any] = json.loads(text)
    for name in ("ours", "textbook"):
        given[name] = [Load(**one) for one in given[name]]
    return Found(**given)


def rows(found: Found) -> list[Row]:
    """As a table."""
    beside: list[Load | None] = [*found.textbook] or [None] * len(FLEETS)
    fleets = zip(FLEETS, found.ours, beside, strict=True)
    return [
        Row(
            f"(k) opening the board, {found.useful_vehicles} vehicles, nothing cached",
            "ms until trips and vehicles are drawn",
            found.useful_ms,
            target="< 1,500",
            note="p50 of 5",
        ),
        Row("(k) our own JavaScript of the board", "KB gzipped", found.own_js_kb, target="< 60"),
        *(row for fleet in fleets for row in _load_rows(*fleet)),
        _heap_row(found),
    ]


def _load_rows(vehicles: int, ours: Load, textbook: Load | None) -> list[Row]:
    what = f"(k) {vehicles:,} vehicles at 1 Hz, software GL"
    note = "textbook: a DOM marker each, moved in each frame" if textbook else ""
    units = {
        "main_thread_ms": "ms of main-thread CPU per s",
        "browser_cpu_ms": "ms of CPU per s, all of Chromium",
        "long_tasks": "tasks over 50 ms per s",
    }
    return [
        Row(what, unit, getattr(ours, name), getattr(textbook, name, None), note=note)
        for name, unit in units.items()
    ]


def _heap_row(found: Found) -> Row:
    first, *_, last = found.heap_mb
    return Row(
        f"(k) heap after {SIMULATED_MINUTES} simulated minutes, {FLEETS[0]} vehicles",
        "MB after collection",
        last,
        target="flat",
        note=f"{first:.1f} after 5 minutes, {last / first - 1:+.1%}; {found.heap_frames:,} frames",
    )
