"""(j): invoices, their PDF files and their mails; and what screens feel of it meanwhile."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass

from bench.common import Bench, Positions, board_watchers, phoning, reopen, trip_watchers, watching
from bench.phones import Tally
from bench.results import Row
from bench.stage import Running
from bench.status import BOARDS, GPS_RATE, TRIPS, Events, Shown, tap_and_drive

INVOICES = 1_000
#: The mails of all invoices have left within this.
WITHIN_S = 300.0
SECTION = "(j)"


@dataclass(frozen=True)
class Alone:
    """What `bench.billing_work` measured in one process, nothing else running."""

    invoices_per_s: float
    first_ms: float
    p50_ms: float
    p99_ms: float
    ahead_s: float
    kilobytes: float


@dataclass(frozen=True)
class Flow:
    """The whole way through the queues: from the first invoice to the last mail."""

    invoices_per_s: float
    mails_per_s: float
    invoices: int
    mails: int
    addresses_twice: int


def billing(bench: Bench) -> None:
    """(j) alone in one process, then through all queues beside taps and GPS. Ours only."""
    bench.say(f"{SECTION} {INVOICES:,} invoices, drawn and mailed")
    printed = bench.stage.run("billing", ["-m", "bench.billing_work", "alone"], bench.ours)
    for row in alone_rows(Alone(**json.loads(printed.splitlines()[-1]))):
        bench.results.add(row)
    with bench.stage.serving(bench.ours, "uvicorn") as running:
        idle, busy, flow = asyncio.run(_beside(bench, running))
    for row in flow_rows(flow) + latency_rows(idle, busy):
        bench.results.add(row)


def alone_rows(found: Alone) -> list[Row]:
    """As a table."""
    drawn = f"first {found.first_ms:.0f} ms, p99 {found.p99_ms:.1f} ms, {found.kilobytes:.0f} KB"
    return [
        Row(
            f"{SECTION} {INVOICES:,} trips priced and invoiced, one process",
            "invoices/s",
            found.invoices_per_s,
            more_is_better=True,
            note="each a transaction of its own",
        ),
        Row(f"{SECTION} an invoice as PDF", "p50, ms", found.p50_ms, target="< 10", note=drawn),
        Row(
            f"{SECTION} {INVOICES:,} PDF files drawn ahead and stored",
            "s",
            found.ahead_s,
            target="< 20",
            note="what `draw_documents` does, in one process",
        ),
    ]


def flow_rows(flow: Flow) -> list[Row]:
    """As a table."""
    return [
        Row(
            f"{SECTION} invoices through the normal queue",
            "invoices/s",
            flow.invoices_per_s,
            more_is_better=True,
            note=f"{flow.invoices:,} of {INVOICES:,}",
        ),
        Row(
            f"{SECTION} invoice mails with PDF to a real SMTP server",
            "mails/s",
            flow.mails_per_s,
            more_is_better=True,
            note=f"{flow.mails:,} of {INVOICES:,}, {flow.addresses_twice} twice",
        ),
    ]


def latency_rows(idle: Shown, busy: Shown) -> list[Row]:
    """The first without, the second with the billing; the same sockets, one after the other."""
    rows = []
    for words, found in (("before", idle), ("while invoices are made and mailed", busy)):
        for name in ("p50_ms", "p99_ms"):
            row = Row(
                f"{SECTION} status tap to all sockets, GPS at {GPS_RATE:,}/s, {words}",
                name.replace("_ms", ", ms"),
                getattr(found.latency, name),
                target="" if found is idle else "as before",
                note=found.remark,
            )
            rows.append(row)
    return rows


async def _beside(bench: Bench, running: Running) -> tuple[Shown, Shown, Flow]:
    """Taps over the same sockets without and with the billing; then until all mails have left."""
    system, events = running.system, Events(Positions())
    boards = board_watchers(system, BOARDS, events)
    watchers = [*boards, *trip_watchers(system, TRIPS, events)]
    async with phoning(running, Tally()) as phones, watching(running, watchers):
        await reopen(phones)
        idle = await tap_and_drive(running, phones, events, bench.taps(system))
        queue = ["-m", "bench.billing_work", "queue"]
        await asyncio.to_thread(bench.stage.run, "billing-queue", queue, system)
        await reopen(phones)
        busy = await tap_and_drive(running, phones, events, bench.taps(system))
        left = running.queued("normal") + running.queued("low_priority")
    flow = await asyncio.to_thread(_until_mailed, bench)
    remark = f"{busy.remark} {left:,} tasks of billing left at the end".strip()
    return idle, Shown(busy.latency, remark), flow


def _until_mailed(bench: Bench) -> Flow:
    deadline = time.monotonic() + WITHIN_S
    while True:
        flow = _flow(bench)
        if flow.mails >= INVOICES or time.monotonic() > deadline:
            return flow
        time.sleep(0.5)


#: Payer `Bench Flow` gets the invoices of this run and no others.
_FLOW = """
SELECT count(*), extract(epoch FROM max(i.issued_at) - min(i.issued_at))::float,
    count(n.sent_at), extract(epoch FROM max(n.sent_at) - min(n.sent_at))::float,
    count(n.sent_at) - count(DISTINCT i.id) FILTER (WHERE n.sent_at IS NOT NULL)
FROM billing_invoice i JOIN trips_payer p ON p.id = i.payer_id AND p.name = 'Bench Flow'
LEFT JOIN users_notification n ON n.kind = 'invoice' AND n.key = 'invoice:' || i.id
"""


def _flow(bench: Bench) -> Flow:
    (row,) = bench.stage.query(bench.ours, _FLOW)
    invoices, issuing_s, mails, mailing_s, twice = (float(str(value or 0)) for value in row)
    return Flow(
        invoices_per_s=invoices / issuing_s if issuing_s else 0.0,
        mails_per_s=mails / mailing_s if mailing_s else 0.0,
        invoices=int(invoices),
        mails=int(mails),
        addresses_twice=int(twice),
    )
