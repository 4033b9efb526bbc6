"""What the clock does by itself: sends assigned trips out, gives up what nobody came for, and
flags what stands still.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from trips import guards, services, timers
from trips.events.log import recording
from trips.lifecycle import REMARKS, Action, Actor, Status
from trips.models import Company, Trip
from trips.story import new_event, remark

log = logging.getLogger(__name__)
#: Trips of one run; the next one, a minute later, goes on.
MOST = 500


def run_timers() -> str:
    """Dispatch and give up what is due; how many. Twice at once: each trip is locked."""
    now = timezone.now()
    missed = _tap(_missed(now), Action.MISS, "Nobody came within the window.")
    dispatched = _tap(_to_dispatch(now), Action.DISPATCH)
    return f"{dispatched} dispatched, {missed} missed"


def _to_dispatch(now: datetime) -> list[int]:
    if not settings.DISPATCH_AHEAD_MINUTES:
        return []
    soon = now + timedelta(minutes=settings.DISPATCH_AHEAD_MINUTES)
    due = Trip.objects.filter(
        status=Status.ASSIGNED, scheduled_at__lte=soon, state_since__lte=now - timers.AT_REST
    )
    return list(due.order_by("scheduled_at").values_list("pk", flat=True)[:MOST])


def _missed(now: datetime) -> list[int]:
    will_call_minutes = Company.get().will_call_minutes
    grace = settings.MISSED_AFTER_MINUTES
    over = now - timedelta(minutes=grace)
    waiting = Trip.objects.filter(status__in=timers.NOT_STARTED, scheduled_at__lt=over)
    return [
        trip.pk
        for trip in waiting.order_by("scheduled_at")[:MOST]
        if trip.scheduled_at is not None
        and guards.missed_at(trip, trip.scheduled_at, will_call_minutes, grace) <= now
    ]


def _tap(trip_ids: Iterable[int], action: Action, reason: str = "") -> int:
    done = 0
    for trip_id in trip_ids:
        try:
            tap = services.Tap(action=action, reason=reason)
            services.act(trip_id=trip_id, user=None, tap=tap)
        except services.Refused as refused:  # somebody was faster
            log.info("trip %s: %s not done: %s", trip_id, action.value, refused)
        else:
            done += 1
    return done


def flag_stuck() -> int:
    """Append `trip.stuck` to each trip too long in one state, once per state; how many."""
    now = timezone.now()
    slow = Trip.objects.filter(status__in=timers.TOO_LONG, state_since__lt=now - timers.SHORTEST)
    return sum(_flag(trip.pk, now) for trip in slow if _is_stuck(trip, now))


def _is_stuck(trip: Trip, now: datetime) -> bool:
    since = timers.stuck_at(
        Status(trip.status),
        state_since=trip.state_since,
        scheduled_at=trip.scheduled_at,
        wait_and_return=trip.wait_and_return,
    )
    return since is not None and since < now


def _flag(trip_id: int, now: datetime) -> bool:
    with recording():
        trip = services.locked(trip_id, None)
        visit = trip.events.exclude(event__in=REMARKS - {"trip.stuck"}).order_by("-version")
        if not _is_stuck(trip, now) or visit[0].event == "trip.stuck":
            return False
        remark(trip, new_event(trip, "trip.stuck", Actor.SYSTEM, None, now, now))
    return True
