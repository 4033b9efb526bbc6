"""Reading trips and vehicles for API and screens, each with a constant number of statements."""

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from trips.lifecycle import OPEN, STARTED, WITH_DRIVER, Status
from trips.models import Company, Driver, Shift, Trip, Vehicle, VehiclePosition
from trips.realtime import messages

#: How long an ended trip stays on the board.
ENDED_SHOWN_FOR = timedelta(hours=2)
#: How far ahead the board looks.
BOARD_AHEAD = timedelta(hours=24)

RELATED = ("patient", "driver__user", "vehicle", "facility", "payer", "eta")


def with_related(trips: QuerySet[Trip]) -> QuerySet[Trip]:
    """What a projection of a trip needs, joined."""
    return trips.select_related(*RELATED)


def board_trips() -> QuerySet[Trip]:
    """Open trips up to a day ahead, and those that ended a short while ago (`trips.board`)."""
    now = timezone.now()
    soon = Q(scheduled_at__isnull=True) | Q(scheduled_at__lte=now + BOARD_AHEAD)
    shown = Q(status__in=OPEN) & soon | Q(state_since__gte=now - ENDED_SHOWN_FOR)
    return Trip.objects.filter(shown).order_by("scheduled_at", "id")


def driver_trips(user_id: int) -> QuerySet[Trip]:
    """What a driver has to do, and did a short while ago."""
    mine = Q(status__in=WITH_DRIVER) | Q(
        status=Status.COMPLETED, state_since__gte=timezone.now() - ENDED_SHOWN_FOR
    )
    return Trip.objects.filter(mine, driver__user_id=user_id).order_by("scheduled_at", "id")


def vehicles(trip_id: int | None = None) -> list[messages.Vehicle]:
    """Markers of the whole fleet, or of the vehicle that serves one trip."""
    started = Trip.objects.filter(status__in=STARTED, vehicle__isnull=False)
    found = Vehicle.objects.select_related("position").order_by("name")
    if trip_id is not None:
        started = started.filter(pk=trip_id)
        found = found.filter(trip__pk=trip_id, trip__status__in=WITH_DRIVER)
    aboard: dict[int, list[tuple[int, int | None]]] = defaultdict(list)
    newest_first = started.order_by("-state_since", "pk")
    for vehicle_id, trip, driver_id in newest_first.values_list("vehicle_id", "pk", "driver_id"):
        aboard[vehicle_id or 0].append((trip, driver_id))
    return [_vehicle(vehicle, aboard.get(vehicle.pk, [])) for vehicle in found]


def _vehicle(vehicle: Vehicle, aboard: list[tuple[int, int | None]]) -> messages.Vehicle:
    position: VehiclePosition | None = getattr(vehicle, "position", None)
    return messages.Vehicle(
        id=vehicle.pk,
        name=vehicle.name,
        trip_ids=[trip for trip, _ in aboard],
        driver_id=aboard[0][1] if aboard else None,
        latitude=position.latitude if position else None,
        longitude=position.longitude if position else None,
        speed=position.speed_mps if position else None,
        heading=position.heading_deg if position else None,
        recorded_at=messages.iso(position.recorded_at) if position else None,
    )


def company_day(at: datetime) -> date:
    """The day of `at` in the company's calendar."""
    return at.astimezone(ZoneInfo(Company.get().time_zone)).date()


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """When a day of the company's calendar begins and ends."""
    zone = ZoneInfo(Company.get().time_zone)
    begin = datetime.combine(day, time(), zone)
    return begin, datetime.combine(day + timedelta(days=1), time(), zone)


def drivers() -> QuerySet[Driver]:
    """Drivers by name, with the running shift's `shift_vehicle_id` and `shift_vehicle_name`."""
    now = timezone.now()
    running = Shift.objects.filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=now),
        driver=OuterRef("pk"),
        planned=False,
        starts_at__lte=now,
    )
    newest = running.order_by("-starts_at")
    found = Driver.objects.select_related("user").annotate(
        shift_vehicle_id=Subquery(newest.values("vehicle_id")[:1]),
        shift_vehicle_name=Subquery(newest.values("vehicle__name")[:1]),
    )
    return found.order_by("user__last_name", "user__first_name", "pk")
