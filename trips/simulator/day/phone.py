"""The positions of a simulated phone, written as the GPS door writes them (it cannot be asked for
another day than the real one: its clock is the database's)."""

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import connection
from django.utils import timezone

from trips.models import Device, GpsFix, VehiclePosition
from trips.simulator.day.company import Point

if TYPE_CHECKING:
    from trips.simulator.day.driver import Crew

EVERY_S, NOISE_DEG = 20.0, 0.00004
#: A backlog comes after so long, in so many of a hundred cases.
LATE, LATE_BY = 0.15, timedelta(hours=1)


def report(crew: "Crew", start: Point, end: Point, lasts_s: float) -> None:
    """A straight drive between two doors; part of them arrive an hour late."""
    begin, rng = timezone.now(), crew.rng
    device = Device.objects.get(driver=crew.driver)
    delay = LATE_BY if rng.random() < LATE else timedelta()
    rows = []
    for n in range(int(lasts_s / EVERY_S) + 1):
        at, share = begin + timedelta(seconds=n * EVERY_S), n * EVERY_S / lasts_s
        rows.append(
            GpsFix(
                device=device,
                vehicle=crew.vehicle,
                driver=crew.driver,
                recorded_at=at,
                received_at=at + delay,
                latitude=start[0] + (end[0] - start[0]) * share + rng.gauss(0, NOISE_DEG),
                longitude=start[1] + (end[1] - start[1]) * share + rng.gauss(0, NOISE_DEG),
                verdict="late" if delay else "kept",
            )
        )
    crew.clock.after(lasts_s + delay.total_seconds(), lambda: _keep(crew, rows))


def _keep(crew: "Crew", rows: list[GpsFix]) -> None:
    with connection.cursor() as cursor:
        for day in {row.recorded_at.date() for row in rows}:
            cursor.execute("SELECT trips_gpsfix_make_day(%s)", [day])
    GpsFix.objects.bulk_create(rows, ignore_conflicts=True)
    newest = rows[-1]
    VehiclePosition.objects.update_or_create(
        vehicle=crew.vehicle,
        defaults={
            "latitude": newest.latitude,
            "longitude": newest.longitude,
            "recorded_at": newest.recorded_at,
            "updated_at": timezone.now(),
        },
    )
