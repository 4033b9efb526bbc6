"""Alarms from phones: raised once, told to every dispatcher, acknowledged by one of them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from channels.db import database_sync_to_async
from django.db.models import Q
from django.utils import timezone

from config.problems import DATABASE_AWAY
from trips.events.log import recording
from trips.lifecycle import STARTED
from trips.models import Alert, Device, Driver, Shift, Trip, Vehicle, VehiclePosition
from trips.tracking.dialects import Report
from trips.tracking.fixes import Fix
from trips.tracking.lane import Unavailable
from users.models import User

#: A phone repeats a report that was not answered: within this time it is the same alarm.
SAME_WITHIN = timedelta(minutes=2)
#: A device's time older than this is no time at all.
OLDEST = timedelta(days=30)
ANSWER_WITHIN_S = 2.0


class Crew(NamedTuple):
    """Who and what an alarm concerns, as far as the database knows."""

    vehicle: Vehicle | None
    driver: Driver | None
    trip: Trip | None


async def from_phone(device_id: int, report: Report) -> None:
    """Keep the alarm of a phone's report; Unavailable where that was not possible in time."""
    fix = next((fix for _, fix in report.fixes if isinstance(fix, Fix)), None)
    keep = database_sync_to_async(raise_alert, thread_sensitive=False)
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            await keep(device_id=device_id, kind=report.alarm, fix=fix)
    except (TimeoutError, *DATABASE_AWAY) as exc:
        raise Unavailable(type(exc).__name__) from exc


def raise_alert(*, device_id: int, kind: str, fix: Fix | None) -> Alert | None:
    """Record an alarm and owe every dispatcher a notice; None where it is known already."""
    now = timezone.now()
    raised_at = _time_of(fix, now)
    with recording() as log:
        # Locked, so that a repeated request waits and then finds the first one's alert.
        device = Device.objects.select_for_update().get(pk=device_id)
        around = (raised_at - SAME_WITHIN, raised_at + SAME_WITHIN)
        if Alert.objects.filter(device=device, kind=kind, raised_at__range=around).exists():
            return None
        crew = _crew(device, now)
        latitude, longitude = _place(fix, crew.vehicle)
        alert = Alert.objects.create(
            device=device,
            vehicle=crew.vehicle,
            driver=crew.driver,
            trip=crew.trip,
            kind=kind,
            latitude=latitude,
            longitude=longitude,
            raised_at=raised_at,
            received_at=now,
        )
        log.fact("alert.raised", alert.pk)
    return alert


def acknowledge(*, alert: Alert, user: User) -> Alert:
    """Mark that `user` sees to it; whoever was first stays."""
    Alert.objects.filter(pk=alert.pk, acknowledged_at__isnull=True).update(
        acknowledged_by=user, acknowledged_at=timezone.now()
    )
    alert.refresh_from_db()
    return alert


def _time_of(fix: Fix | None, now: datetime) -> datetime:
    if fix is None or fix.recorded_at is None:
        return now
    at = fix.recorded_at
    if not (now - OLDEST).timestamp() < at < now.timestamp():
        return now
    return datetime.fromtimestamp(at, UTC)


def _crew(device: Device, now: datetime) -> Crew:
    on_duty = Shift.objects.select_related("driver", "vehicle").filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=now), starts_at__lte=now
    )
    if device.vehicle_id is not None:
        shift = on_duty.filter(vehicle=device.vehicle_id).order_by("-starts_at").first()
        vehicle, driver = device.vehicle, shift.driver if shift else None
    else:
        shift = on_duty.filter(driver=device.driver_id or 0).order_by("-starts_at").first()
        vehicle, driver = shift.vehicle if shift else None, device.driver
    started = Trip.objects.filter(status__in=STARTED).order_by("-state_since")
    mine = Q(vehicle=vehicle) if vehicle else Q(driver=driver)
    return Crew(vehicle, driver, started.filter(mine).first())


def _place(fix: Fix | None, vehicle: Vehicle | None) -> tuple[float | None, float | None]:
    if fix is not None:
        return fix.latitude, fix.longitude
    marker = VehiclePosition.objects.filter(vehicle=vehicle).first() if vehicle else None
    return (marker.latitude, marker.longitude) if marker else (None, None)
