"""Automatic assignment: plans over all crews, then assigns trip by trip as the system.

Reads one picture of the fleet, plans on it, and writes through `services.act` with the version
that was read: what a person changed meanwhile stays as the person left it.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone

from trips import services
from trips.dispatch.crews import company_zone, crews_between, memoised, wanted_of
from trips.dispatch.insertion import Day, Result
from trips.dispatch.matching import Crew, Refusal, Wanted
from trips.dispatch.plans import Plan, lateness_s
from trips.lifecycle import Action, Status
from trips.models import TaskRun, Trip
from trips.queries import day_bounds
from trips.taps import InvalidTap, Refused, Tap, TripNotFound
from trips.task_runs import Outcome, Report

#: More trips than that are not one day of one company.
MOST_TRIPS = 5_000

_CHANGED = Refusal("changed", "Somebody changed the trip, or its crew's plan, meanwhile.")


class NothingToAssign(Exception):
    """The trip is not one that automation may assign now; the text says why."""


@dataclass(slots=True)
class Picture:
    """What was read: the trips to place, the crews, and who had what when it was read."""

    trips: dict[int, Trip]
    wanted: list[Wanted]
    crews: list[Crew]
    had: dict[int, int]


def waiting(day: date) -> Q:
    """The trips of a day that automation may place: unassigned, or assigned by itself.

    Never one that a dispatcher pinned, or that was dispatched.
    """
    begin, end = day_bounds(day)
    free = Q(status=Status.SCHEDULED) | Q(status=Status.ASSIGNED)
    return free & Q(pinned=False, scheduled_at__gte=begin, scheduled_at__lt=end)


def check_free(trip: Trip) -> None:
    """NothingToAssign where automation may not assign this trip."""
    if trip.status != Status.SCHEDULED:
        raise NothingToAssign(f"A trip is assigned while scheduled; this one is {trip.status}.")
    if trip.pinned:
        raise NothingToAssign("A dispatcher pinned the trip.")


def assign_day(run: TaskRun, report: Report) -> Outcome:
    """The long job of a day. Parameters: `day`, `dry_run`."""
    return _work(waiting(date.fromisoformat(run.parameters["day"])), run, report)


def assign_trip(run: TaskRun, report: Report) -> Outcome:
    """The long job of one trip: nothing else is moved for it. Parameters: `trip_id`, `dry_run`."""
    free = Q(pk=run.parameters["trip_id"], status=Status.SCHEDULED, pinned=False)
    return _work(free, run, report)


#: What could not be written, because the crews' plans had changed, is planned once more.
_PASSES = 2


def _work(which: Q, run: TaskRun, report: Report) -> Outcome:
    dry = bool(run.parameters.get("dry_run"))
    progress = _Counted(report)
    answer: dict[str, Any] = {"dry_run": dry, "assigned": [], "left": [], "lateness_s": 0}
    for _ in range(_PASSES):
        picture = picture_of(which)
        progress.more(2 * len(picture.wanted))
        result = Day(picture.crews, picture.wanted, picture.had, progress.one).solve()
        todo = [pk for pk, crew in result.placed.items() if picture.had.get(pk) != crew]
        failed = set() if dry else _write(picture, result, todo, progress.one)
        _add(answer, picture, result, [pk for pk in todo if pk not in failed], failed)
        if not failed:
            break
        which &= Q(pk__in=failed)
    progress.end()
    return Outcome(answer)


class _Counted:
    """Turns "one more" into progress."""

    def __init__(self, report: Report) -> None:
        self._report, self._done, self._total = report, 0, 0

    def more(self, total: int) -> None:
        """There is so much more to do."""
        self._total += total
        self._report(self._done, self._total)

    def one(self) -> None:
        """Another trip was planned or written; raises Cancelled where nobody wants it."""
        self._done += 1
        if self._done < self._total:
            self._report(self._done, self._total)

    def end(self) -> None:
        """All that there was to do."""
        self._report(self._total, self._total)


def picture_of(which: Q) -> Picture:
    """The trips and the crews of their time, each crew's plan with what it has to do."""
    now, drive, zone = timezone.now(), memoised(), company_zone()
    found = list(Trip.objects.filter(which).order_by("scheduled_at", "pk")[:MOST_TRIPS])
    trips = {trip.pk: trip for trip in found}
    wanted = [wanted_of(trip, now, drive, zone) for trip in found]
    if not wanted:
        return Picture({}, [], [], {})
    begin, end = _period(wanted)
    crews = crews_between(begin, end, now, drive, movable=set(trips))
    return Picture(trips, wanted, crews, _had(found, wanted, crews))


def _period(wanted: Sequence[Wanted]) -> tuple[datetime, datetime]:
    zone = timezone.get_default_timezone()
    begins = min(one.ride.begins_s for one in wanted)
    ends = max(one.ride.ends_s for one in wanted)
    return datetime.fromtimestamp(begins, zone), datetime.fromtimestamp(ends, zone)


def _had(trips: list[Trip], wanted: list[Wanted], crews: list[Crew]) -> dict[int, int]:
    """Plan each assigned trip with the crew that has it; those of no crew are placed anew."""
    had: dict[int, int] = {}
    for trip, one in zip(trips, wanted, strict=True):
        for n, crew in enumerate(crews):
            theirs = crew.driver and (crew.vehicle.id, crew.driver.id)
            if theirs == (trip.vehicle_id, trip.driver_id) and _covers(crew, one):
                crew.plan.take(one.ride)
                had[trip.pk] = n
                break
    return had


def _covers(crew: Crew, one: Wanted) -> bool:
    return crew.shift_begins_s <= one.ride.begins_s < crew.shift_ends_s


def _write(
    picture: Picture, result: Result, todo: list[int], progress: Callable[[], None]
) -> set[int]:
    """Assign; the trips for which it did not work.

    A trip that waits for another to leave its new crew is tried again after the others.
    """
    left = list(todo)
    while left:
        again = [pk for pk in left if not _assigned(picture, pk, result.placed[pk], progress)]
        if len(again) == len(left):
            break
        left = again
    return set(left)


def _assigned(picture: Picture, trip_id: int, crew: int, progress: Callable[[], None]) -> bool:
    vehicle, driver = picture.crews[crew].vehicle, picture.crews[crew].driver
    if driver is None:
        return False
    tap = Tap(
        action=Action.ASSIGN,
        driver_id=driver.id,
        vehicle_id=vehicle.id,
        expected_version=picture.trips[trip_id].version,
    )
    try:
        services.act(trip_id=trip_id, user=None, tap=tap)
    except (Refused, InvalidTap, TripNotFound):
        return False
    progress()
    return True


def _add(
    answer: dict[str, Any], picture: Picture, result: Result, done: list[int], failed: set[int]
) -> None:
    """What one pass adds to what the job says: ids, times and numbers."""
    left = result.left | dict.fromkeys(failed, _CHANGED)
    # All that a second pass looks at is what the first one left as changed.
    answer["left"] = [one for one in answer["left"] if one["trip_id"] not in picture.trips]
    answer["left"] += [{"trip_id": pk, **asdict(left[pk])} for pk in sorted(left)]
    answer["assigned"] += [_placed(picture, pk, result.placed[pk]) for pk in sorted(done)]
    answer["lateness_s"] = round(lateness_s([crew.plan for crew in picture.crews]))


def _placed(picture: Picture, trip_id: int, crew: int) -> dict[str, Any]:
    of = picture.crews[crew]
    return {
        "trip_id": trip_id,
        "vehicle_id": of.vehicle.id,
        "driver_id": of.driver.id if of.driver else None,
        "moved": trip_id in picture.had,
        "lateness_s": round(_late(of.plan, trip_id)),
    }


def _late(plan: Plan, trip_id: int) -> float:
    """How late the plan is at the pick-up of a trip."""
    for n, stop in enumerate(plan.stops):
        if stop.trip_id == trip_id and stop.is_pickup:
            return max(0.0, plan.arrival_s(n) - stop.wanted_s)
    return 0.0
