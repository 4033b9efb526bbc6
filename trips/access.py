"""Who sees, watches and acts on which trip. The only place that decides it."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from trips import queries
from trips.lifecycle import STARTED, WITH_DRIVER, Actor, Status
from trips.models import Patient, StandingOrder, Trip
from users.models import User
from users.roles import Permission, Role

#: A driver sees what begins so soon, though it be tomorrow: night shifts cross midnight.
DRIVER_AHEAD = timedelta(hours=8)
#: Sent out or under way: the driver's to know, whatever day was agreed.
_SENT_OUT = frozenset({Status.DISPATCHED, *STARTED})


def _drivers_day(now: datetime) -> tuple[datetime, datetime]:
    """From the beginning of the company's today to its end, or some hours ahead."""
    begin, end = queries.day_bounds(queries.company_day(now))
    return begin, max(end, now + DRIVER_AHEAD)


def drivers_day() -> Q:
    """Which of a driver's trips the job needs now.

    Those of today, those of earlier days that are still to be done, and what ended a short while
    ago; of days to come only what was sent out.
    """
    now = timezone.now()
    begin, end = _drivers_day(now)
    recent = Q(state_since__gte=now - queries.ENDED_SHOWN_FOR)
    return _until(end) & (Q(scheduled_at__gte=begin) | Q(status__in=WITH_DRIVER) | recent)


def _until(end: datetime) -> Q:
    soon = Q(scheduled_at__isnull=True) | Q(scheduled_at__lt=end)
    return soon | Q(status__in=_SENT_OUT)


def later_for_drivers(trips: Iterable[Trip]) -> frozenset[int]:
    """Those of `trips` whose drivers may not know yet whom they are for: it is another day's."""
    end = _drivers_day(timezone.now())[1]
    return frozenset(
        trip.pk
        for trip in trips
        if trip.scheduled_at is not None
        and trip.scheduled_at >= end
        and trip.status not in _SENT_OUT
    )


def trips_to_drive(user_id: int) -> QuerySet[Trip]:
    """What a driver's screen shows: what is to be done, and was done a short while ago."""
    return queries.driver_trips(user_id).filter(drivers_day())


def visible_trips(user: User) -> QuerySet[Trip]:
    """The trips that `user` may see; a foreign trip is simply not among them."""
    if user.may(Permission.SEE_ALL_TRIPS):
        return Trip.objects.all()
    if not user.is_active:
        return Trip.objects.none()
    match user.role:
        case Role.DRIVER:
            return Trip.objects.filter(drivers_day(), driver__user=user)
        case Role.FACILITY:
            return Trip.objects.filter(facility__members=user)
        case Role.PATIENT:
            return Trip.objects.filter(patient__user=user)
    return Trip.objects.none()


def reachable_trips(user: User) -> QuerySet[Trip]:
    """The trips that `user` may act on or change.

    A phone without coverage tells later what happened on an earlier day: a driver reaches what
    they drove then, though they no longer see it.
    """
    if user.may(Permission.DRIVE):
        return Trip.objects.filter(_until(_drivers_day(timezone.now())[1]), driver__user=user)
    return visible_trips(user)


def visible_patients(user: User) -> QuerySet[Patient]:
    """The patients for whom `user` may book, and whom they may list."""
    if user.may(Permission.SEE_PATIENTS):
        return Patient.objects.all()
    if not user.is_active:
        return Patient.objects.none()
    return Patient.objects.filter(Q(user=user) | Q(facilities__members=user)).distinct()


def visible_standing_orders(user: User) -> QuerySet[StandingOrder]:
    """The standing orders that `user` may see: all, those of their facilities, or their own."""
    if user.may(Permission.SEE_ALL_TRIPS):
        return StandingOrder.objects.all()
    if user.is_active and user.role == Role.FACILITY:
        return StandingOrder.objects.filter(facility__members=user)
    if user.is_active and user.role == Role.PATIENT:
        return StandingOrder.objects.filter(patient__user=user)
    return StandingOrder.objects.none()


def actors(user: User, trip: Trip) -> frozenset[Actor]:
    """As whom `user` may act on `trip`; empty where the trip is not theirs to act on."""
    found = set()
    if user.may(Permission.DISPATCH_TRIPS):
        found.add(Actor.DISPATCHER)
    if user.may(Permission.DRIVE) and trip.driver and trip.driver.user_id == user.pk:
        found.add(Actor.DRIVER)
    if _requests(user, trip):
        found.add(Actor.REQUESTER)
    return frozenset(found)


def _requests(user: User, trip: Trip) -> bool:
    if not user.is_active:
        return False
    if user.role == Role.PATIENT:
        return trip.patient.user_id == user.pk
    return user.role == Role.FACILITY and trip.facility_id in facility_ids(user)


def facility_ids(user: User) -> frozenset[int]:
    """The facilities that `user` works for; read once per user object (one request)."""
    found: frozenset[int] | None = getattr(user, "_facility_ids", None)
    if found is None:
        found = frozenset(user.facilities.values_list("pk", flat=True))
        user._facility_ids = found  # type: ignore[attr-defined]
    return found


def is_dispatcher(user: User) -> bool:
    """Whether `user` dispatches (administrators may as well)."""
    return user.may(Permission.DISPATCH_TRIPS)


def still_watching(pairs: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """Those (user id, trip id) of `pairs` that `visible_trips` would still show.

    For drivers, patients and facilities, in a few statements for any number of sockets; who
    sees all trips is not asked about.
    """
    trips = Trip.objects.filter(pk__in={trip for _, trip in pairs})
    seen = set(trips.filter(drivers_day()).values_list("driver__user_id", "pk"))
    seen |= set(trips.values_list("patient__user_id", "pk"))
    members = trips.filter(facility__members__in={user for user, _ in pairs})
    seen |= {(user, trip) for trip, user in members.values_list("pk", "facility__members")}
    return pairs & seen
