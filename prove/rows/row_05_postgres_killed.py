"""Row 5: PostgreSQL is killed while everybody taps."""

from __future__ import annotations

import asyncio
import time

import psycopg

from prove.checker import Change
from prove.ledger import read
from prove.row import Outcome, Row, scaled
from prove.scene import Company, Scene, exactness, scene
from prove.stack import Stack

EVENTS, SCREENS, KILLS = 2_000, 20, 3
COMMITS = 100
#: Nothing is written before it must be.
FORGETFUL = {
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_writer_delay": "10s",
    "wal_writer_flush_after": "512MB",
    "wal_buffers": "64MB",
    "bgwriter_lru_maxpages": "0",
    "autovacuum": "off",
}


def run(stack: Stack, seed: int, scale: float) -> Outcome:
    """Kill the server with all its children; start it again at once."""
    stack.start(web=2, workers=("high", "normal", "low"), beat=True)
    return asyncio.run(_run(stack, Company.found(), seed, scale))


async def _run(stack: Stack, company: Company, seed: int, scale: float) -> Outcome:
    out, killed = Outcome(), list[float]()

    def kill() -> None:
        killed.append(time.monotonic())
        stack.postgres.restart()

    async with scene(stack, company, seed, screens=scaled(SCREENS, scale, 5)) as made:
        driving = asyncio.create_task(made.drive())
        await made.load(scaled(EVENTS, scale, 300), [kill] * KILLS)
        made.stop.set()
        await driving
        healed = await made.heal()
        exactness(out, made, healed=healed)
        out.faults("answered 2xx, not in the database", _missing(made))
        out.note("answers of 503", made.answers.statuses[503])
        out.time_s("answers again, last", max(_deaf_s(made, killed)), 10)
    forgotten = await asyncio.to_thread(_forget, stack)
    out.control("control: forgotten with synchronous_commit off", forgotten)
    return out


def _missing(made: Scene) -> list[str]:
    kept = {
        Change(*row)
        for row in made.stack.query("SELECT trip_id, version, status FROM trips_tripevent")
    }
    return [str(change) for change in made.answers.changes if change not in kept]


def _deaf_s(made: Scene, killed: list[float]) -> list[float]:
    """From each kill to the first tap that was answered 2xx after the gap."""
    answered = [e.at for e in read(made.answers.ledger.path) if isinstance(e.what, Change)]
    # What was on its way when it died is answered within a moment.
    return [
        min((at - at_kill for at in answered if at - at_kill > 0.2), default=float("nan"))
        for at_kill in killed
    ]


def _forget(stack: Stack) -> int:
    """How many commits a server forgets by the same kill that does not wait for its disk."""
    stack.query("CREATE TABLE control (n integer)")
    stack.postgres.set(**FORGETFUL)
    stack.postgres.restart()
    with psycopg.connect(stack.postgres.url, autocommit=True) as connection:
        for n in range(COMMITS):
            connection.execute("INSERT INTO control VALUES (%s)", [n])
        stack.postgres.kill()
    stack.postgres.start()
    return COMMITS - int(stack.query("SELECT count(*) FROM control")[0][0])


ROW = Row(
    5,
    fault="PostgreSQL kill -9 x3",
    reach="0 acknowledged lost; 503 not 500; recovered < 10 s",
    bound_s=90,
    run=run,
    quick=0.1,
)
