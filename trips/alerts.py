"""Alarms: raised once, told to every dispatcher, acknowledged by one of them.

From phones and drivers by `raise_alert`, from the system by `raise_system_alert`.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from channels.db import database_sync_to_async
from django.db.models import Q
from django.utils import timezone

from config.problems import DATABASE_AWAY
from trips.events.log import recording
from trips.lifecycle import OPEN, STARTED, Status
from trips.models import Alert, Company, Device, Driver, Trip, Vehicle, VehiclePosition
from trips.shifts import running
from trips.tracking.dialects import Report
from trips.tracking.fixes import Fix
from trips.tracking.lane import Unavailable
from users.models import User

#: A phone repeats a report that was not answered: within this time it is the same alarm.
SAME_WITHIN = timedelta(minutes=2)
#: A device's time older than this is no time at all.
OLDEST = timedelta(days=30)
ANSWER_WITHIN_S = 2.0
SOS = "sos"
#: What means that somebody is in danger, in the words of the apps.
URGENT = frozenset({SOS, "panic", "accident", "fallDown"})
#: Open alarms of so many kinds that one device may have; what comes then is "other".
MOST_KINDS = 20
OTHER = "other"
#: Alarms, calls for help apart, that one device may raise within a minute; more are not kept.
MOST_A_MINUTE = 6
WILL_CALL_LATE = "will_call_late"
#: Statuses in which who called for a ride still waits for it.
WAITING = OPEN - {Status.IN_PROGRESS, Status.ARRIVED_DROPOFF}
#: Administrators hear of an urgent alarm that no dispatcher has seen to for so long.
ESCALATE_AFTER = timedelta(minutes=2)


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


def raise_alert(
    *, device_id: int, kind: str, fix: Fix | None, trip_id: int | None = None
) -> Alert | None:
    """Record an alarm and owe every dispatcher a notice; None where nothing new is to be told.

    That is a repeated report; one kind more than `MOST_KINDS`; one alarm more than `MOST_A_MINUTE`;
    or, off duty, anything from a driver's phone but a call for help. `trip_id` names the trip
    where the caller knows it.
    """
    now = timezone.now()
    raised_at = _time_of(fix, now)
    with recording() as log:
        # Locked, so that a repeated request waits and then finds the first one's alert.
        device = Device.objects.select_for_update().get(pk=device_id)
        kind = _bounded(device, kind)
        if _is_known(device, kind, raised_at) or _is_flood(device, kind, now):
            return None
        crew = _crew(device, now)
        if device.driver_id is not None and crew.vehicle is None and kind not in URGENT:
            return None
        latitude, longitude = _place(fix, crew.vehicle)
        alert = Alert.objects.create(
            device=device,
            vehicle=crew.vehicle,
            driver=crew.driver,
            trip_id=trip_id or (crew.trip.pk if crew.trip else None),
            kind=kind,
            latitude=latitude,
            longitude=longitude,
            raised_at=raised_at,
            received_at=now,
        )
        log.fact("alert.raised", alert.pk)
    return alert


def _is_known(device: Device, kind: str, at: datetime) -> bool:
    """Whether an alarm at `at` only repeats another one."""
    same = Alert.objects.filter(device=device, kind=kind)
    if kind == OTHER:  # one stands for all of them
        return same.filter(acknowledged_at__isnull=True).exists()
    return same.filter(raised_at__range=(at - SAME_WITHIN, at + SAME_WITHIN)).exists()


def _is_flood(device: Device, kind: str, now: datetime) -> bool:
    """Whether the device has said enough for a minute; a call for help is always heard."""
    lately = Alert.objects.filter(device=device, received_at__gt=now - timedelta(minutes=1))
    return kind not in URGENT and lately.exclude(kind__in=URGENT).count() >= MOST_A_MINUTE


def _bounded(device: Device, kind: str) -> str:
    """`kind`, or "other": apps send whatever they like as the name of an alarm."""
    if kind in URGENT:
        return kind
    waiting = Alert.objects.filter(device=device, acknowledged_at__isnull=True)
    kinds = set(waiting.values_list("kind", flat=True).distinct()[: MOST_KINDS + 1])
    return kind if kind in kinds or len(kinds) < MOST_KINDS else OTHER


def press_sos(
    *, driver: Driver, latitude: float | None, longitude: float | None, trip_id: int | None
) -> Alert:
    """A driver's call for help; pressed again within two minutes it is the same alarm.

    Never refused for a detail: a trip that is not theirs is left out.
    """
    fix = None
    if latitude is not None and longitude is not None:
        fix = Fix(latitude, longitude, None)
    theirs = Trip.objects.filter(pk=trip_id or 0, driver=driver)
    with recording():
        device, _ = Device.objects.get_or_create(driver=driver)
        alert = raise_alert(
            device_id=device.pk,
            kind=SOS,
            fix=fix,
            trip_id=theirs.values_list("pk", flat=True).first(),
        )
        return alert or Alert.objects.filter(device=device, kind=SOS).latest("raised_at")


def raise_system_alert(
    *, kind: str, key: str, message: str, vehicle: Vehicle | None = None, trip: Trip | None = None
) -> Alert | None:
    """Record something that nobody may miss, once per `key`; None: it is known already.

    `message` is shown as it is: ids, times and names of vehicles, nobody's name.
    """
    now = timezone.now()
    with recording() as log:
        alert, created = Alert.objects.get_or_create(
            key=key,
            defaults={
                "kind": kind,
                "message": message[:250],
                "vehicle": vehicle,
                "trip": trip,
                "raised_at": now,
                "received_at": now,
            },
        )
        if created:
            log.fact("alert.raised", alert.pk)
    return alert if created else None


def escalate() -> int:
    """Owe administrators a notice of each urgent alarm left alone, once; how many there were."""
    now = timezone.now()
    waiting = Alert.objects.filter(
        acknowledged_at__isnull=True,
        escalated_at__isnull=True,
        kind__in=URGENT,
        received_at__lte=now - ESCALATE_AFTER,
    )
    with recording() as log:
        ids = list(
            waiting.select_for_update(skip_locked=True).order_by("pk").values_list("pk", flat=True)
        )
        Alert.objects.filter(pk__in=ids).update(escalated_at=now)
        for alert_id in ids:
            log.fact("alert.escalated", alert_id)
    return len(ids)


def watch_will_calls() -> int:
    """Raise an alert for each called will-call not picked up in time, once; how many were new."""
    now = timezone.now()
    minutes = Company.get().will_call_minutes
    late = Trip.objects.filter(
        ready_at__lte=now - timedelta(minutes=minutes),
        picked_up_at__isnull=True,
        status__in=WAITING,
    )
    raised = [
        raise_system_alert(
            kind=WILL_CALL_LATE,
            key=f"will_call:{trip.pk}:{trip.ready_at.timestamp():.6f}",
            message=f"Trip {trip.pk} was called and is not picked up after {minutes} minutes.",
            vehicle=trip.vehicle,
            trip=trip,
        )
        for trip in late.select_related("vehicle").order_by("pk")
        if trip.ready_at is not None
    ]
    return sum(alert is not None for alert in raised)


def acknowledge(*, alert: Alert, user: User) -> Alert:
    """Mark that `user` sees to it; whoever was first stays."""
    Alert.objects.filter(pk=alert.pk, acknowledged_at__isnull=True).update(
        acknowledged_by=user, acknowledged_at=timezone.now()
    )
    alert.refresh_from_db()
    return alert


def resolve(*, alert: Alert, user: User, resolution: str) -> Alert:
    """Mark that it is over, and what came of it; whoever was first stays.

    Nobody acknowledged it before: then `user` did.
    """
    with recording():
        acknowledge(alert=alert, user=user)
        Alert.objects.filter(pk=alert.pk, resolved_at__isnull=True).update(
            resolved_by=user, resolved_at=timezone.now(), resolution=resolution
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
    on_duty = running(now).select_related("driver", "vehicle")
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
