"""Who sees, watches and acts on which trip. The only place that decides it."""

from django.db.models import Q, QuerySet

from trips.lifecycle import Actor
from trips.models import Patient, StandingOrder, Trip
from users.models import User
from users.roles import Permission, Role


def visible_trips(user: User) -> QuerySet[Trip]:
    """The trips that `user` may see; a foreign trip is simply not among them."""
    if user.may(Permission.SEE_ALL_TRIPS):
        return Trip.objects.all()
    if not user.is_active:
        return Trip.objects.none()
    match user.role:
        case Role.DRIVER:
            return Trip.objects.filter(driver__user=user)
        case Role.FACILITY:
            return Trip.objects.filter(facility__members=user)
        case Role.PATIENT:
            return Trip.objects.filter(patient__user=user)
    return Trip.objects.none()


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

    For drivers, patients and facilities, in two statements for any number of sockets; who
    sees all trips is not asked about.
    """
    trips = Trip.objects.filter(pk__in={trip for _, trip in pairs})
    seen: set[tuple[int | None, int]] = set()
    for trip, driver, patient in trips.values_list("pk", "driver__user_id", "patient__user_id"):
        seen |= {(driver, trip), (patient, trip)}
    members = trips.filter(facility__members__in={user for user, _ in pairs})
    seen |= {(user, trip) for trip, user in members.values_list("pk", "facility__members")}
    return pairs & seen
