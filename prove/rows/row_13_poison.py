"""Row 13: among five hundred tasks one that kills whoever works on it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import psutil  # type: ignore[import-untyped]
from django.db.models import QuerySet

from billing.models import Invoice
from prove.completions import at_the_door
from prove.row import Outcome, Row, scaled
from prove.stack import Stack
from tests.cast import open_company
from trips.lifecycle import Action
from trips.models import Delivery, Trip

OTHERS = 500
OTHERS_WITHIN_S = 30.0
BURIED_WITHIN_S = 220.0
#: Its invoice is a statement that never ends: the harness sees it, and kills the process that
#: waits for it, as the kernel does to one that takes too much memory.
POISON = """
CREATE FUNCTION prove_poison() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.trip_id = {trip} THEN PERFORM pg_sleep(600); END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER prove_poison BEFORE INSERT ON billing_invoice
    FOR EACH ROW EXECUTE FUNCTION prove_poison();
"""
VICTIMS = """SELECT client_port, pid FROM pg_stat_activity
    WHERE wait_event = 'PgSleep' AND client_port > 0"""


def run(stack: Stack, seed: int, scale: float) -> Outcome:
    """The poison is in the middle of the queue; the pool starts another process for each death."""
    stack.start(web=1, workers=("high", "normal", "low"), beat=True)
    cast, out = open_company(), Outcome()
    trips = at_the_door(cast, scaled(OTHERS, scale, 20) + 1)
    poison = trips[len(trips) // 2]
    stack.query(POISON.format(trip=poison.pk))
    kills, over = [0], threading.Event()
    killer = threading.Thread(target=_kill, args=(stack, kills, over))
    killer.start()
    for trip in trips:
        cast.tap(trip, Action.COMPLETE)
    others = len(trips) - 1
    seconds = _seconds_until(lambda: _invoices(poison) >= others)
    out.time_s("the others done", seconds, OTHERS_WITHIN_S)
    out.expect("the others' invoices", _invoices(poison), others)
    buried_s = _seconds_until(lambda: _poisoned(poison).filter(state="dead").exists())
    over.set()
    killer.join()
    delivery = _poisoned(poison).get()
    out.expect("the poison is", delivery.state, "dead")
    out.expect("after attempts", delivery.attempts, 5)
    out.note("buried after, s", buried_s)
    out.control("processes that it killed", kills[0])
    return out


def _kill(stack: Stack, kills: list[int], over: threading.Event) -> None:
    """Kill each child of the worker that sits on the poison, until it is over."""
    while not over.wait(0.3):
        for port, backend in stack.query(VICTIMS):
            for child in stack.workers["normal"].children():
                if port in _ports(child):
                    psutil.Process(child).kill()
                    kills[0] += 1
                    # PostgreSQL would notice only when the sleep is over.
                    stack.query("SELECT pg_terminate_backend(%s)", [backend])


def _ports(pid: int) -> set[int]:
    try:
        return {line.laddr.port for line in psutil.Process(pid).net_connections("tcp")}
    except psutil.Error:
        return set()


def _seconds_until(done: Callable[[], bool]) -> float:
    since = time.monotonic()
    while not done() and time.monotonic() - since < BURIED_WITHIN_S:
        time.sleep(0.2)
    return time.monotonic() - since


def _invoices(poison: Trip) -> int:
    return Invoice.objects.exclude(trip=poison).count()


def _poisoned(poison: Trip) -> QuerySet[Delivery]:
    completed = poison.events.filter(event="trip.completed").values("pk")
    return Delivery.objects.filter(
        subject_id__in=completed, topic="trip.completed", subscriber="invoice"
    )


ROW = Row(
    13,
    fault="a poison task among 500",
    reach="buried after 5; others done < 30 s",
    bound_s=310,
    run=run,
    quick=0.05,
    quiet=True,
)
