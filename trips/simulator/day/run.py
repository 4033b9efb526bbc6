"""Runs the day from its eve to the next night."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from django.test.utils import override_settings

from trips import tasks
from trips.models import Company, Delivery
from trips.simulator.day import checks, company
from trips.simulator.day.broker import Broker
from trips.simulator.day.clock import Clock, Job
from trips.simulator.day.company import Cast
from trips.simulator.day.desk import Desk
from trips.simulator.day.driver import Crew

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
#: Mails stay in this process, whatever the settings say: nobody real is written to.
QUIET = {"EMAIL_BACKEND": "django.core.mail.backends.locmem.EmailBackend"}
#: What beat runs, and how often on this day.
BEAT: tuple[tuple[timedelta, Callable[[], str]], ...] = (
    (MINUTE, tasks.run_timers),
    (MINUTE, tasks.watch_alerts),
    (MINUTE, tasks.sweep),
    (5 * MINUTE, tasks.update_etas),
    (5 * MINUTE, tasks.check_trip_timeouts),
    (5 * MINUTE, tasks.measure_late_data),
    (HOUR, tasks.materialise_standing_orders),
    (HOUR, tasks.learn_places),
    (2 * HOUR, tasks.roll_up_days),
)


@dataclass(frozen=True)
class Plan:
    """How large a day; `beat_minutes` is how often what beat runs each minute is run here."""

    day: date
    trips: int = 400
    vehicles: int = 40
    seed: int = 1
    beat_minutes: int = 1


@dataclass(frozen=True)
class Outcome:
    """What became of the day; `faults` is what must not have."""

    faults: list[str]
    numbers: dict[str, object]
    seconds: float


def simulate(plan: Plan) -> Outcome:
    """One day, in this database and this process."""
    began, rng = time.monotonic(), Random(plan.seed)
    zone = ZoneInfo(Company.get().time_zone)
    midnight = datetime.combine(plan.day, datetime.min.time(), zone)
    clock, broker = Clock(midnight - 9 * HOUR), Broker(rng)
    with clock.ticking(), broker.in_place(), override_settings(**QUIET):
        cast = company.found(rng, plan.day, plan.vehicles, max(10, plan.trips // 3))
        _write_agenda(plan, cast, clock, Desk(cast, clock, plan.trips))
        clock.run(midnight + 30 * HOUR, broker.work)
        _settle(clock, broker)
        faults = cast.ledger.surprises + checks.faults(plan.day)
    return Outcome(faults, _numbers(cast, broker), time.monotonic() - began)


def _write_agenda(plan: Plan, cast: Cast, clock: Clock, desk: Desk) -> None:
    begin, end = cast.clock(4), cast.clock(4) + 25 * HOUR
    clock.after(0, desk.take_orders)
    clock.after(3_600, desk.take_bookings)
    clock.after(2 * 3_600, desk.decide_fates)
    clock.after(3 * 3_600, lambda: _plan_shifts(cast, clock))
    clock.after(5 * 3_600, desk.auto_assign)
    clock.at(begin, lambda: clock.every(10 * MINUTE, cast.clock(23), desk.assign_by_hand))
    clock.at(cast.clock(23.5), desk.close)
    for hour in (9, 13, 16)[: 1 + plan.vehicles // 10]:
        clock.at(cast.clock(hour), lambda: _break_down(desk, clock, end))
    for period, task in BEAT:
        clock.at(begin, _beat(clock, max(period, plan.beat_minutes * MINUTE), end, task))


def _beat(clock: Clock, period: timedelta, end: datetime, task: Callable[[], str]) -> Job:
    return lambda: clock.every(period, end, task)


#: The crews of the day by vehicle, so that a broken one can be told.
_CREWS: dict[int, list[Crew]] = {}


def _plan_shifts(cast: Cast, clock: Clock) -> None:
    """Each vehicle has a driver for the day, each fifth another one for the evening."""
    spare = iter(cast.drivers[len(cast.vehicles) :])
    desk = cast.dispatchers[0]
    for n, vehicle in enumerate(cast.vehicles):
        hour = cast.rng.choice((5, 5.5, 6, 7))
        spans = [(cast.drivers[n], hour, hour + 10.5)]
        if n % 5 == 0 and (second := next(spare, None)):
            spans = [(cast.drivers[n], hour, 13.5), (second, 13.5, 23)]
        for (person, driver), first, last in spans:
            plan = {"starts_at": cast.clock(first), "ends_at": cast.clock(last)}
            desk.post("shifts/", {"driver_id": driver.pk, "vehicle_id": vehicle.pk, **plan})
            crew = Crew(person, driver, vehicle, clock, cast.rng)
            late = timedelta(minutes=cast.rng.choice((-10, 0, 0, 3, 15)))
            clock.at(cast.clock(first) + late, _begin(crew, cast.clock(last)))
            _CREWS.setdefault(vehicle.pk, []).append(crew)


def _begin(crew: Crew, ends_at: datetime) -> Job:
    return lambda: crew.begin(ends_at)


def _break_down(desk: Desk, clock: Clock, end: datetime) -> None:
    shift = desk.break_down()
    if shift is None:
        clock.after(600, lambda: _break_down(desk, clock, end))
        return
    for crew in _CREWS.get(shift.vehicle_id, []):
        crew.broken = True
    clock.after(3_600, lambda: desk.send_home(shift))


def _settle(clock: Clock, broker: Broker) -> None:
    """The night: what was lost is swept, until nothing is owed."""
    for _ in range(200):
        clock.run(clock.now() + 5 * MINUTE, broker.work)
        for task in (tasks.sweep, tasks.measure_late_data, tasks.update_etas):
            task()
            broker.work()
        if not Delivery.objects.filter(state=Delivery.State.PENDING).exists():
            break
    tasks.roll_up_days()


def _numbers(cast: Cast, broker: Broker) -> dict[str, object]:
    return {
        **checks.numbers(),
        "answers": dict(sorted(cast.ledger.answers.items())),
        "happened": dict(sorted(cast.ledger.counts.items())),
        "messages": dict(sorted(broker.counts.items())),
    }
