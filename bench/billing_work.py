"""`python -m bench.billing_work alone|queue`: billing in one process, or into the queues.

`alone` prints an Alone as JSON. `queue` completes trips and queues their invoices.
"""

# ruff: noqa: E402 - models can be imported once Django is set up
from __future__ import annotations

import dataclasses
import json
import sys
import time
from datetime import timedelta

import django

django.setup()

from django.utils import timezone

from bench.billing import INVOICES, Alone
from bench.stats import percentile
from billing.invoices import issue_invoice
from billing.models import Invoice, InvoiceDocument
from billing.pdf import draw_ahead, render
from billing.tasks import generate_invoice
from trips.models import Delivery, Patient, Payer, Shift, Trip


def main() -> None:
    """One of the two."""
    if sys.argv[1] == "queue":
        queue()
    else:
        print(json.dumps(dataclasses.asdict(alone())))


def alone() -> Alone:
    """Issue, draw, and draw ahead; nobody is mailed."""
    trips = completed("Bench Alone")
    start = time.perf_counter()
    invoices = [issue_invoice(trip.pk) for trip in trips]
    issuing_s = time.perf_counter() - start
    Delivery.objects.update(state=Delivery.State.DONE)
    drawn_ms, sizes = zip(*map(_drawn, invoices), strict=True)
    start = time.perf_counter()
    ahead = draw_ahead()
    ahead_s = time.perf_counter() - start
    if ahead != InvoiceDocument.objects.count() or ahead < INVOICES:
        raise RuntimeError(f"{ahead} of {INVOICES} documents")
    return Alone(
        invoices_per_s=INVOICES / issuing_s,
        first_ms=drawn_ms[0],
        p50_ms=percentile(drawn_ms[1:], 50),
        p99_ms=percentile(drawn_ms[1:], 99),
        ahead_s=ahead_s,
        kilobytes=percentile(sizes, 50) / 1_000,
    )


def _drawn(invoice: Invoice) -> tuple[float, int]:
    start = time.perf_counter()
    size = len(render(invoice))
    return (time.perf_counter() - start) * 1_000, size


def queue() -> None:
    """One `generate_invoice` for each of as many new trips."""
    trips = completed("Bench Flow")
    with generate_invoice.app.producer_or_acquire() as producer:
        for trip in trips:
            generate_invoice.apply_async(args=(trip.pk,), producer=producer)


def completed(payer_name: str) -> list[Trip]:
    """Trips of the last hours that a payer of this name pays, not invoiced yet."""
    email = f"{payer_name.replace(' ', '').lower()}@plan.invalid"
    payer, _ = Payer.objects.get_or_create(name=payer_name, defaults={"email": email})
    patients, shift = list(Patient.objects.order_by("pk")), Shift.objects.order_by("pk")[0]
    return Trip.objects.bulk_create(
        [_trip(payer, patients[n % len(patients)], shift, n) for n in range(INVOICES)]
    )


def _trip(payer: Payer, patient: Patient, shift: Shift, n: int) -> Trip:
    ended = timezone.now() - timedelta(minutes=n % 240)
    return Trip(
        status=Trip.StatusChoice.COMPLETED,
        state_since=ended,
        scheduled_at=ended - timedelta(minutes=50),
        arrived_pickup_at=ended - timedelta(minutes=55),
        picked_up_at=ended - timedelta(minutes=30),
        dropped_off_at=ended,
        patient=patient,
        payer=payer,
        driver_id=shift.driver_id,
        vehicle_id=shift.vehicle_id,
        pickup_address="Station Road 1",
        pickup_latitude=57.7,
        pickup_longitude=11.9,
        dropoff_address="Garden Street 2",
        dropoff_latitude=57.7 + (n % 50) * 0.002,
        dropoff_longitude=12.0,
    )


if __name__ == "__main__":
    main()
