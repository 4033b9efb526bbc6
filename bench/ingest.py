"""(a) and (b): how many fixes a second are committed and pushed."""

from __future__ import annotations

import asyncio
import functools
import json
import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.common import WARM_UP_MARK, Bench, phoning, remark_of
from bench.fixes import fix, gps_path
from bench.phones import Phone, Tally, answered, open_phones
from bench.results import Row
from bench.stage import Running, Stage
from bench.stats import Cost, Latency, per_unit_us
from bench.wire import post

#: (server, processes, beside the text-book?)
SERVERS = (("daphne", 1, True), ("uvicorn", 1, False), ("uvicorn", 2, True))
TARGETS = {
    ("daphne", 1): "3,300/s; 25x",
    ("uvicorn", 2): "17,000/s; 90x",
}
CONNECTIONS = 800
#: With 800 the text-book answers almost nothing in time.
TEXTBOOK_CONNECTIONS = 100
SECONDS = 4.0
BATCH = 100
BATCH_CONNECTIONS = 16
BATCH_TARGET = "60,000/s"
#: The recorded time of wrk's fixes advances by this much each, so that none is from the future.
STEP_S = 1 / 50_000
DRAIN_WITHIN_S = 8.0
WRK_LUA = Path(__file__).with_name("wrk.lua")


@dataclass(frozen=True)
class Ingest:
    """What one run brought. `rate` counts fixes that were committed, answered and pushed."""

    rate: float
    cost: Cost
    remark: str


@dataclass(frozen=True)
class Load:
    """What the generator saw: fixes answered 2xx, and how long it ran."""

    accepted: int
    seconds: float
    generator_s: float
    remark: str


def ingest(bench: Bench) -> None:
    """(a) single fixes over 800 connections."""
    for server, web, beside in SERVERS:
        what = f"(a) single-fix POST, {CONNECTIONS} connections, {server} x{web}"
        found: dict[str, Ingest] = {}
        for system in bench.systems[: 2 if beside else 1]:
            bench.say(f"{what}: {system.name}")
            with bench.stage.serving(system, server, web) as running:
                found[system.name] = measure(bench.stage, running, single_fixes)
            bench.results.add_cost(f"{what}, {system.name}", found[system.name].cost)
        _add_row(bench, what, found, TARGETS.get((server, web), ""))


def batches(bench: Bench) -> None:
    """(b) batches of 100, which the text-book has not."""
    what = f"(b) fixes in batches of {BATCH}, uvicorn x2"
    bench.say(what)
    with bench.stage.serving(bench.ours, "uvicorn", 2) as running:
        found = measure(bench.stage, running, batched_fixes)
    bench.results.add_cost(what, found.cost)
    _add_row(bench, what, {"ours": found}, BATCH_TARGET)


def _add_row(bench: Bench, what: str, found: dict[str, Ingest], target: str) -> None:
    textbook = found.get("textbook")
    remarks = [f"{name}: {one.remark}" for name, one in found.items() if one.remark]
    if textbook:
        remarks.append(f"textbook over {TEXTBOOK_CONNECTIONS} connections")
    row = Row(
        what,
        "fixes/s",
        found["ours"].rate,
        textbook.rate if textbook else None,
        target,
        more_is_better=True,
        note="; ".join(remarks),
    )
    bench.results.add(row)


def measure(stage: Stage, running: Running, load: Callable[[Running], Load]) -> Ingest:
    """Run `load` and wait until everything that it brought has been pushed."""
    asyncio.run(_warm_up(running))
    running.drained(DRAIN_WITHIN_S)
    rows, before = count_rows(stage, running), running.cpu_s()
    done = load(running)
    drained = running.drained(DRAIN_WITHIN_S)
    took = done.seconds + (DRAIN_WITHIN_S if drained is None else drained)
    after = running.cpu_s()
    after["generator"] = before["generator"] + done.generator_s
    left = running.queued(running.system.fast_queue) if drained is None else 0
    committed = count_rows(stage, running) - rows
    remark = done.remark
    if committed < done.accepted:
        remark += f" LOST {done.accepted - committed}"
    if left:
        remark += f" {left} not pushed after {DRAIN_WITHIN_S:g} s"
    rate = (done.accepted - left) / took
    return Ingest(rate, per_unit_us(before, after, committed), remark.strip())


async def _warm_up(running: Running) -> None:
    async with phoning(running, Tally()):
        pass


def count_rows(stage: Stage, running: Running) -> int:
    """Fixes in the database; those that were not believed are kept, too."""
    tables = ["trips_gpsfix", "trips_quarantinedfix"]
    counts = [
        stage.query(running.system, f"SELECT count(*) FROM {table}")[0][0]  # noqa: S608
        for table in (tables if running.system.ours else ["textbook_gpsupdate"])
    ]
    return sum(int(str(count)) for count in counts)


def single_fixes(running: Running) -> Load:
    """By `wrk` where it is installed: it costs a tenth of a Python generator."""
    wrk = shutil.which("wrk")
    connections = CONNECTIONS if running.system.ours else TEXTBOOK_CONNECTIONS
    if wrk is None:
        return asyncio.run(_by_phones(running, connections, 1))
    return _by_wrk(wrk, running, connections)


def batched_fixes(running: Running) -> Load:
    """Batches over a few connections, by the Python generator."""
    return asyncio.run(_by_phones(running, BATCH_CONNECTIONS, BATCH))


def _by_wrk(wrk: str, running: Running, connections: int) -> Load:
    with tempfile.NamedTemporaryFile("w", suffix=".crews") as crews:
        crews.writelines(f"{c.trip_id} {c.token}\n" for c in running.system.fleet.crews)
        crews.flush()
        env = {
            **os.environ,
            "WRK_CREWS": crews.name,
            "WRK_STEP_S": f"{STEP_S:.9f}",
            "WRK_BASE_S": f"{time.time():.6f}",
        }
        argv = [wrk, "-t1", f"-c{connections}", f"-d{SECONDS:g}s", "--timeout", "30s"]
        argv += ["-s", str(WRK_LUA), f"http://127.0.0.1:{running.port}"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(argv, env=env, capture_output=True, text=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = json.loads(done.stdout.rpartition("JSON ")[2])
    used_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    wrong = [f"{found[name]} {name}" for name in ("bad", "broken") if found[name]]
    waited = f"p50 {found['p50_ms']:.0f} ms, p99 {found['p99_ms']:.0f} ms"
    remark = ", ".join([waited, *wrong])
    return Load(found["requests"] - found["bad"], found["seconds"], used_s, remark)


async def _by_phones(running: Running, connections: int, batch: int) -> Load:
    """Closed loop: each connection posts again as soon as it was answered."""
    tally, used_s, start = Tally(), time.process_time(), time.monotonic()
    phones = await open_phones(running.port, connections, tally)
    numbers = iter(range(10**9))
    base = time.time()

    def post_next(phone: Phone) -> None:
        if time.monotonic() - start < SECONDS:
            again = functools.partial(_then, post_next, phone)
            phone.offer(_request(running, next(numbers), batch, base), time.monotonic(), again)

    for phone in phones:
        post_next(phone)
    await asyncio.sleep(SECONDS)
    await answered(tally, DRAIN_WITHIN_S)
    seconds = time.monotonic() - start
    for phone in phones:
        phone.end()
    latency = Latency.of(tally.seconds)
    wrong = remark_of(tally)
    remark = f"p50 {latency.p50_ms:.0f} ms, p99 {latency.p99_ms:.0f} ms {wrong}".strip()
    return Load(tally.good * batch, seconds, time.process_time() - used_s, remark)


def _then(post_next: Callable[[Phone], None], phone: Phone, status: int, body: bytes) -> None:
    post_next(phone)


def _request(running: Running, n: int, batch: int, base: float) -> bytes:
    crews = running.system.fleet.crews
    number = n % len(crews)
    fixes = [fix(number, WARM_UP_MARK, base + (n * batch + i) * STEP_S) for i in range(batch)]
    body = fixes[0] if batch == 1 else f"[{','.join(fixes)}]"
    return post(gps_path(crews[number]), crews[number].token, body.encode())
