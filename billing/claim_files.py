"""What is claimed for the trips of a batch, written down, and the file that is sent."""

import csv
import gzip
import io
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from billing.claim_facts import live_invoices
from billing.claim_rows import line_cells, rows
from billing.linter import normalised
from billing.models import Claim, ClaimBatch, ClaimProfile, Invoice, InvoiceLine
from billing.money import decimal_of
from billing.rates import miles
from trips.exports import safe_cell
from trips.models import Company

PAGE = 500


def write_down(batch: ClaimBatch, claim_ids: list[int]) -> None:
    """Fill in claims of a batch from their trips and invoices as they are now."""
    claims = list(
        Claim.objects.filter(pk__in=claim_ids).select_related(
            "trip__patient", "trip__driver", "trip__vehicle", "trip__measurement"
        )
    )
    invoices = live_invoices([claim.trip_id for claim in claims]).prefetch_related("lines")
    by_trip = {invoice.trip_id: invoice for invoice in invoices}
    provider_id = ClaimProfile.of(batch.payer_id).provider_id
    zone = ZoneInfo(Company.get().time_zone)
    for claim in claims:
        invoice = by_trip[claim.trip_id]
        claim.invoice, claim.amount_cents = invoice, invoice.total_cents
        claim.content = _content(claim, invoice, zone) | {"provider_id": provider_id}
        coded = (line for line in invoice.lines.all() if line.code)
        claim.lines = [line_cells(n, _line(line, invoice)) for n, line in enumerate(coded, start=1)]
    # One INSERT … ON CONFLICT DO UPDATE: an UPDATE of so many JSON values is far slower.
    Claim.objects.bulk_create(
        claims,
        update_conflicts=True,
        unique_fields=["pk"],
        update_fields=["invoice", "amount_cents", "content", "lines"],
    )


def _content(claim: Claim, invoice: Invoice, zone: ZoneInfo) -> dict[str, Any]:
    trip = claim.trip
    at = trip.picked_up_at or trip.state_since
    measured = getattr(trip, "measurement", None)
    return {
        "batch": claim.batch_id,
        "claim": claim.pk,
        "trip": trip.pk,
        "invoice": invoice.number,
        "member_id": trip.patient.member_id.strip(),
        "patient": trip.patient.name,
        "authorization_number": trip.authorization_number,
        "service_date": at.astimezone(zone).date().isoformat(),
        "level": trip.mobility,
        "currency": invoice.currency,
        "patient_paid": _patients_part(invoice),
        "arrival_time": _clock(trip.arrived_pickup_at, zone),
        "pickup_time": _clock(trip.picked_up_at, zone),
        "dropoff_time": _clock(trip.dropped_off_at, zone),
        "pickup_address": trip.pickup_address,
        "dropoff_address": trip.dropoff_address,
        "miles": str(miles(measured.loaded_distance_m)) if measured else None,
        "driver": trip.driver_id,
        "licence": normalised(trip.driver.licence) if trip.driver else "",
        "vehicle": trip.vehicle_id,
        "plate": normalised(trip.vehicle.plate) if trip.vehicle else "",
    }


def _patients_part(invoice: Invoice) -> str:
    """Lines without a code take off what the patient pays."""
    cents = -sum(line.amount_cents for line in invoice.lines.all() if not line.code)
    return str(decimal_of(cents, invoice.currency))


def _line(line: InvoiceLine, invoice: Invoice) -> dict[str, Any]:
    return {
        "code": line.code,
        "modifiers": line.modifiers,
        "units": f"{line.quantity.normalize():f}",
        "unit": line.unit,
        "unit_charge": str(decimal_of(line.unit_cents, invoice.currency)),
        "charge": str(decimal_of(line.amount_cents, invoice.currency)),
    }


def _clock(at: datetime | None, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%H:%M}" if at else ""


def file_of(batch: ClaimBatch) -> bytes:
    """The batch's CSV, gzipped: the same claims make the same bytes. No cell is a formula."""
    layout = ClaimProfile.of(batch.payer_id).layout
    claims = batch.claims.order_by("pk").values_list("content", "lines")
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(layout)
    writer.writerows(map(safe_cell, row) for row in rows(claims.iterator(PAGE), layout))
    return gzip.compress(text.getvalue().encode(), mtime=0)
