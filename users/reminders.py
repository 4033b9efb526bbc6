"""What the clock sets off: the reminder of the day before, and the news of a delay."""

from datetime import date, datetime, timedelta

from django.conf import settings

from trips.lifecycle import Status
from trips.models import Company, Trip, TripEta
from users.audiences import About
from users.models import Notification
from users.notifications import say
from users.zones import zone_of

#: Trips that are still to come, as far as anybody knows.
_TO_COME = (Status.SCHEDULED, Status.ASSIGNED, Status.DISPATCHED)
#: Until when (local hour) a reminder that was missed is still sent; later it would only wake up.
LAST_HOUR = 21
#: No day begins, or ends, farther from now anywhere.
_REACH = timedelta(hours=54)

#: Each step of a delay is told once.
STEPS_MINUTES = (20, 45, 90)
#: A trip farther ahead may still catch up, and its dispatcher is at it.
_DELAY_AHEAD = timedelta(hours=2)
_WAITED_FOR = (Status.ASSIGNED, Status.DISPATCHED, Status.EN_ROUTE_PICKUP)


def send_reminders(now: datetime) -> int:
    """Remind patients of tomorrow's trips, once per trip and day; how many trips are new.

    Tomorrow and the hour are the patient's own; a trip that moves to another day is reminded of
    again.
    """
    coming = Trip.objects.filter(
        status__in=_TO_COME, scheduled_at__gt=now, scheduled_at__lt=now + _REACH
    )
    company_zone = Company.get().time_zone
    keys = {
        f"reminder:{trip.pk}:{day}": trip
        for trip in coming.select_related("patient__user").order_by("pk")
        if (day := _day_to_remind_of(trip, company_zone, now))
    }
    known = Notification.objects.filter(kind="reminder", key__in=keys)
    new = sorted(keys.keys() - set(known.values_list("key", flat=True)))
    return sum(say("reminder", About(keys[key]), key=key) > 0 for key in new)


def _day_to_remind_of(trip: Trip, company_zone: str, now: datetime) -> date | None:
    """The trip's day, where that is tomorrow for its patient and the hour has come there."""
    patient, account = trip.patient, trip.patient.user
    zone = zone_of(account.time_zone if account else "", patient.time_zone, company_zone)
    local = now.astimezone(zone)
    if trip.scheduled_at is None or not settings.REMINDER_HOUR <= local.hour < LAST_HOUR:
        return None
    day = trip.scheduled_at.astimezone(zone).date()
    return day if day == local.date() + timedelta(days=1) else None


def tell_delays(now: datetime) -> int:
    """Tell who waits for a late vehicle, once per trip and step of lateness; how many trips."""
    late = TripEta.objects.filter(
        risk=TripEta.Risk.LATE,
        lateness_s__gte=STEPS_MINUTES[0] * 60,
        trip__status__in=_WAITED_FOR,
        trip__scheduled_at__lt=now + _DELAY_AHEAD,
    )
    told = 0
    for eta in late.select_related("trip__patient__user").order_by("pk"):
        steps = [step for step in STEPS_MINUTES if step * 60 <= (eta.lateness_s or 0)]
        # Who knows of a longer delay is not told that it is shorter.
        keys = [f"delay:{eta.pk}:{step}" for step in STEPS_MINUTES[len(steps) - 1 :]]
        if not Notification.objects.filter(kind="delayed", key__in=keys).exists():
            told += say("delayed", About(eta.trip), key=keys[0]) > 0
    return told
