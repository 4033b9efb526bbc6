"""Putting right when a shift was, or with which odometer; a plan is moved the same way."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Q
from django.utils import timezone

from trips.events.log import recording
from trips.models import Driver, Shift, Vehicle
from trips.shifts import LONGEST, InvalidShift, ShiftConflict, overlapping

#: Older shifts stand: the reports of their days are settled (`reports.rollup.SETTLES_AFTER`).
CORRECTED_WITHIN = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What is true instead; None leaves a value as it is. Odometers in miles."""

    reason: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    odometer_start_mi: Decimal | None = None
    odometer_end_mi: Decimal | None = None


def correct_shift(*, shift: Shift, correction: Correction) -> Shift:
    """Write the true times and odometers; the reason stays with the shift.

    InvalidShift where they make no sense; ShiftConflict where driver or vehicle have another
    shift then, the shift is too long ago, or it still runs and an end is given.
    """
    with recording():
        # The order of `trips.shifts`: the vehicle, the driver, then shifts.
        Vehicle.objects.select_for_update(no_key=True).get(pk=shift.vehicle_id)
        Driver.objects.select_for_update(no_key=True).get(pk=shift.driver_id)
        shift = Shift.objects.select_for_update(of=("self",)).get(pk=shift.pk)
        if shift.starts_at < timezone.now() - CORRECTED_WITHIN:
            raise ShiftConflict("The shift is too long ago: the reports of its day are settled.")
        _move(shift, correction)
        _check_times(shift, correction)
        _check_others(shift)
        _check_odometer(shift)
        shift.reason = correction.reason
        shift.save()
    return shift


def _move(shift: Shift, correction: Correction) -> None:
    if correction.ends_at is not None and shift.ends_at is None:
        raise ShiftConflict("The shift still runs: end it instead.")
    shift.starts_at = correction.starts_at or shift.starts_at
    shift.ends_at = correction.ends_at or shift.ends_at
    if correction.odometer_start_mi is not None:
        shift.odometer_start_mi = correction.odometer_start_mi
    if correction.odometer_end_mi is not None:
        shift.odometer_end_mi = correction.odometer_end_mi


def _check_times(shift: Shift, correction: Correction) -> None:
    now = timezone.now()
    end = shift.ends_at or now
    if shift.planned and shift.starts_at <= now:
        raise InvalidShift("starts_at", "A plan is for the time to come.")
    if not shift.planned and not now - CORRECTED_WITHIN <= shift.starts_at <= now:
        raise InvalidShift("starts_at", "Within the last seven days, and not to come.")
    if not shift.planned and end > now and correction.ends_at is not None:
        raise InvalidShift("ends_at", "That is still to come.")
    if not timedelta() < end - shift.starts_at <= LONGEST:
        raise InvalidShift("ends_at", "A shift ends after its beginning, within 24 hours.")


def _check_others(shift: Shift) -> None:
    end = shift.ends_at or timezone.now()
    others = Shift.objects.exclude(pk=shift.pk)
    for name, theirs in (
        ("driver", others.filter(driver=shift.driver_id)),
        ("vehicle", others.filter(vehicle=shift.vehicle_id)),
    ):
        if other := overlapping(theirs, shift.starts_at, end):
            raise ShiftConflict(f"The {name} has shift {other.pk} at that time.")
    outside = Q(starts_at__lt=shift.starts_at) | Q(ends_at__gt=end)
    if shift.breaks.filter(outside).exists():
        raise ShiftConflict("A break of the shift is outside of that time.")


def _check_odometer(shift: Shift) -> None:
    start_mi, end_mi = shift.odometer_start_mi, shift.odometer_end_mi
    if start_mi is not None and end_mi is not None and end_mi < start_mi:
        raise InvalidShift("odometer_end", "It ends lower than it began.")
