"""Row 20: a patient's name on every way that it can take, and where it must not arrive."""

from __future__ import annotations

import time

import httpx

from config.celery import app
from prove import planted
from prove.row import Outcome, Row
from prove.stack import Stack
from prove.wire_tap import WireTap
from tests.cast import Cast, open_company

WORD = planted.WORD.encode()
MAILS_S, TIMEOUT_S = 60.0, 30.0
#: The database refuses every later change of a trip, and names the whole row in its refusal.
CRASH = "ALTER TABLE trips_trip ADD CONSTRAINT crash CHECK (version < 0) NOT VALID"
BAD_TASKS = ("users.tasks.send_welcome_email", "billing.tasks.generate_invoice")


def run(stack: Stack, seed: int, scale: float) -> Outcome:
    """A ride, refusals, failing tasks, and a crash of each server in the middle of her row."""
    cast, out = open_company(), Outcome()
    planted.plant(cast)
    stack.start(web=1, workers=("high", "normal", "low"), beat=True)
    with (
        WireTap(stack.valkey.url) as tap,
        httpx.Client(base_url=stack.url, timeout=TIMEOUT_S) as http,
    ):
        trip = planted.book(cast, http)
        planted.ride(cast, http, trip)
        refused = planted.trouble(cast, http)
        for name in BAD_TASKS:
            app.send_task(name, [10**9])
        _wait_for_mails()
        crashed = _crash(stack, cast, http)
    out.expect("refusals that were 5xx", sum(one.status_code >= 500 for one in refused), 0)
    told = [one.text[:300] for one in crashed if planted.WORD in one.text]
    out.faults("error pages that name her", told)
    out.control("crashes", sum(one.status_code >= 500 for one in crashed))
    out.note("commands to Redis that were heard", len(tap.commands))
    out.faults("commands that hold her name", [repr(one[:300]) for one in tap.holds(WORD)])
    out.faults("keys of Redis that hold it", planted.in_redis(stack.valkey.url))
    out.faults("lines of logs that hold it", planted.in_files(stack.logs()))
    out.control("mails", len(stack.mails()))
    out.faults("subjects that hold it", planted.in_subjects(stack.mails()))
    return out


def _wait_for_mails() -> None:
    deadline = time.monotonic() + MAILS_S
    while not planted.mails_are_over() and time.monotonic() < deadline:
        time.sleep(0.1)


def _crash(stack: Stack, cast: Cast, http: httpx.Client) -> list[httpx.Response]:
    """What her trip's next changes are answered where nobody foresaw it."""
    trip = planted.book(cast, http)
    stack.query(CRASH)
    dina = cast.headers(cast.dina)
    return [planted.tap(http, trip, dina, action) for action in ("schedule", "cancel")]


ROW = Row(
    20,
    fault="planted patient names through happy and crashing paths",
    reach="0 hits in logs, subjects, Redis dump, error pages",
    bound_s=50,
    run=run,
    quick=1.0,
)
