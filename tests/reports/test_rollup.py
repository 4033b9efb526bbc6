"""A day rolled up by hand, its borders on every clock, and late data that finds its day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from unittest.mock import patch

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.cast import Cast
from tests.reports.days import (
    MONDAY,
    NOW,
    TODAY,
    add_event,
    add_shift,
    add_trip,
    assign,
    at,
    change,
    forget,
    measure,
    tables,
)
from tests.threads import at_once
from trips.models import (
    Company,
    DayReport,
    DemandHour,
    DriverDay,
    ReportedTrip,
    Shift,
    ShiftBreak,
    Trip,
    WeekReport,
)
from trips.reports import rollup
from trips.reports.definitions import COMPANY_COUNTERS, COMPANY_RATIOS, DRIVER_RATIOS, ratios
from trips.reports.rollup import roll_day, roll_days, roll_up
from trips.tasks import roll_up_days

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def numbers(row: DayReport | WeekReport | DriverDay) -> dict[str, int]:
    """Its counters that are not 0."""
    skip = {"id", "day", "monday", "rules", "computed_at", "driver_id"}
    values = {f.attname: getattr(row, f.attname) for f in row._meta.fields}
    return {name: value for name, value in values.items() if value and name not in skip}


def day_of(day: date) -> DayReport:
    roll_day(day, NOW)
    return DayReport.objects.get(day=day)


@pytest.fixture
def monday(cast: Cast) -> dict[str, Trip]:
    """Omar drives from seven to three with half an hour's break, Eve from eight to noon."""
    Shift.objects.all().delete()
    eve, spare = cast.strange_driver, cast.spare_van
    shift = add_shift(cast, "07:00", "15:00")
    ShiftBreak.objects.create(shift=shift, starts_at=at("12:00"), ends_at=at("12:30"))
    add_shift(cast, "08:00", "12:00", driver=eve, vehicle=spare)
    add_shift(cast, "12:00", "20:00", driver=eve, vehicle=spare, planned=True)  # never begun
    add_shift(cast, "00:00", "01:00", MONDAY + DAY)
    trips = {
        # Ten minutes late is on time; ten minutes before the appointment. 35 minutes aboard.
        "on time": add_trip(
            cast, "08:00", arrived_pickup_at="08:10", picked_up_at="08:15",
            dropped_off_at="08:50", appointment_at="09:00",
        ),
        # A minute beyond the quarter of an hour; after the appointment. 50 minutes aboard.
        "late": add_trip(
            cast, "10:00", arrived_pickup_at="10:16", picked_up_at="10:20",
            dropped_off_at="11:10", appointment_at="11:00",
        ),
        "no-show": add_trip(cast, "09:00", "no_show", driver=eve, arrived_pickup_at="08:50"),
        "cancelled": add_trip(
            cast, "11:00", "cancelled", driver=None, cancel_kind="late", cancelled_by="patient"
        ),
        "at the door": add_trip(
            cast, "12:00", "cancelled", arrived_pickup_at="12:05", cancel_kind="at_door",
            cancelled_by="driver",
        ),
        "missed": add_trip(cast, "13:00", "missed", driver=eve, appointment_at="14:00"),
        "rejected": add_trip(cast, "16:00", "rejected", driver=None),
        # Omar declined it, so Eve drove. 15 minutes aboard.
        "declined": add_trip(
            cast, "09:30", arrived_pickup_at="09:40", picked_up_at="09:45",
            dropped_off_at="10:00",
        ),
    }  # fmt: skip
    back = trips["on time"]
    # Called at one, fetched forty minutes later, which nobody calls late. 30 minutes aboard.
    trips["will-call"] = add_trip(
        cast, "13:00", ready_at="13:00", arrived_pickup_at="13:40", picked_up_at="13:45",
        dropped_off_at="14:15", return_of=back,
    )  # fmt: skip
    trips["never called"] = add_trip(cast, None, "will_call", driver=None, return_of=back)
    trips["next day"] = add_trip(cast, "00:30", driver=eve, day=MONDAY + DAY)
    add_event(trips["no-show"], "trip.no_show", data={"wait_until": "2026-09-14T07:10:00+00:00"})
    add_event(trips["declined"], "trip.declined", actor=cast.omar)
    Trip.objects.filter(pk=trips["declined"].pk).update(driver=eve, vehicle=spare)
    assign(Trip.objects.get(pk=trips["declined"].pk), eve)
    trips["declined"].assignments.filter(driver=cast.driver).update(ended_at=at("08:40"))
    measure(trips["on time"], 6_000.4, 2_000)
    measure(trips["late"], 9_000, None)
    measure(trips["declined"], 3_000, 4_000)
    return trips


def test_a_day_adds_up_to_what_one_counts_on_ones_fingers(monday: dict[str, Trip]) -> None:
    row = day_of(MONDAY)
    assert numbers(row) == {
        "trips": 10, "completed": 4, "open": 1, "rejected": 1, "missed": 1,
        "no_shows": 1, "no_shows_outbound": 1, "no_shows_proven": 1,
        "cancelled": 2, "cancelled_late": 1, "cancelled_at_door": 1,
        "cancelled_by_patient": 1, "cancelled_by_driver": 1,
        # On time: the first, the no-show, the one at the door, Eve's; late: one; missed: one.
        "pickups_due": 6, "pickups_on_time": 4, "pickups_late": 1,
        "appointments": 3, "appointments_met": 1,
        "will_calls": 1, "will_calls_answered": 1, "will_calls_in_time": 1,
        "will_call_wait_s": 40 * 60,
        "measured": 3, "loaded_m": 18_000, "unloaded_m": 6_000,
        # Eight hours and four; half an hour's break; 35 + 50 + 30 minutes and 15.
        "shift_s": 12 * 3600, "duty_s": 41_400, "aboard_s": 130 * 60,
    }  # fmt: skip
    assert ratios(COMPANY_RATIOS, vars(row)) == {
        "on_time_pickups": 0.6667,
        "on_time_dropoffs": 0.3333,
        "no_show_rate": 0.1,
        "cancellation_rate": 0.2,
        "loaded_unloaded": 3.0,
        "utilisation": 0.1884,
        "trips_per_shift_hour": 0.3333,
        "will_call_response_s": 2400.0,
        "will_calls_on_time": 1.0,
    }


def test_each_driver_gets_their_own_part(cast: Cast, monday: dict[str, Trip]) -> None:
    roll_day(MONDAY, NOW)
    omar = DriverDay.objects.get(driver=cast.driver)
    eve = DriverDay.objects.get(driver=cast.strange_driver)
    assert numbers(omar) == {
        # The two in the morning, the one at the door, the will-call, and what he declined.
        "assigned": 5, "promised": 4, "declined": 1, "completed": 3,
        "pickups_due": 3, "pickups_on_time": 2, "pickups_late": 1,
        "appointments": 2, "appointments_met": 1,
        "measured": 2, "loaded_m": 15_000, "unloaded_m": 2_000,
        "shift_s": 8 * 3600, "duty_s": 27_000, "aboard_s": 115 * 60,
    }  # fmt: skip
    assert DRIVER_RATIOS["kept_promises"].of(vars(omar)) == 0.75
    assert numbers(eve) == {
        "assigned": 3, "promised": 2, "completed": 1, "missed": 1, "no_shows": 1,
        "pickups_due": 3, "pickups_on_time": 2,
        "appointments": 1, "measured": 1, "loaded_m": 3_000, "unloaded_m": 4_000,
        "shift_s": 4 * 3600, "duty_s": 4 * 3600, "aboard_s": 15 * 60,
    }  # fmt: skip


def test_demand_is_counted_by_the_hour_that_was_agreed(monday: dict[str, Trip]) -> None:
    roll_day(MONDAY, NOW)
    rows = DemandHour.objects.values_list("hour", "latitude_e2", "longitude_e2", "trips")
    # All but the one that was never called, whatever became of them.
    hours = {8: 1, 9: 2, 10: 1, 11: 1, 12: 1, 13: 2, 16: 1}
    assert sorted(rows) == [(hour, 5770, 1196, trips) for hour, trips in hours.items()]


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Stockholm", date(2026, 3, 29), 23),
        ("Europe/Stockholm", date(2025, 10, 26), 25),
        ("Europe/Stockholm", date(2025, 10, 27), 24),
        ("America/New_York", date(2026, 3, 8), 23),
        ("America/New_York", date(2025, 11, 2), 25),
    ],
)
def test_a_day_is_as_long_as_the_companys_clock_makes_it(
    cast: Cast, zone: str, day: date, hours: int
) -> None:
    Company.objects.update(time_zone=zone)
    Shift.objects.all().delete()
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    Shift.objects.create(
        driver=cast.driver, vehicle=cast.van, starts_at=noon - 2 * DAY, ends_at=noon + 2 * DAY
    )
    # One an hour, in UTC: as many as the day has hours are its own.
    for n in range(-24, 24 * 2):
        moment = noon + timedelta(hours=n)
        Trip.objects.bulk_create([_scheduled(cast, moment)])
    row = day_of(day)
    assert (row.shift_s, row.trips) == (hours * 3600, hours)
    counts = dict(DemandHour.objects.filter(day=day).values_list("hour", "trips"))
    assert sum(counts.values()) == hours
    # The hour that comes twice has both; the one that is left out has none.
    double_or_none = {23: (23, None), 24: (24, None), 25: (24, 2)}[hours]
    assert len(counts) == double_or_none[0]
    assert max(counts.values()) == (double_or_none[1] or 1)


def _scheduled(cast: Cast, moment: datetime) -> Trip:
    return Trip(
        patient=cast.patient, status="scheduled", version=1, state_since=moment,
        scheduled_at=moment, pickup_latitude=57.7, pickup_longitude=11.9,
        dropoff_latitude=57.6, dropoff_longitude=11.9,
    )  # fmt: skip


def test_midnight_in_stockholm_parts_two_days_and_a_ride_across_it(cast: Cast) -> None:
    Shift.objects.all().delete()
    tuesday = MONDAY + DAY
    Shift.objects.create(
        driver=cast.driver, vehicle=cast.van,
        starts_at=at("22:00"), ends_at=at("02:00", tuesday),
    )  # fmt: skip
    add_trip(
        cast, "23:15", arrived_pickup_at="23:15", picked_up_at="23:30",
        dropped_off_at=at("00:45", tuesday),
    )  # fmt: skip
    add_trip(cast, "00:00", "scheduled", driver=None, day=tuesday)
    first, second = day_of(MONDAY), day_of(tuesday)
    assert (first.trips, second.trips) == (1, 1)
    assert (first.shift_s, second.shift_s) == (2 * 3600, 2 * 3600)
    assert (first.aboard_s, second.aboard_s) == (30 * 60, 45 * 60)
    assert (first.completed, second.completed) == (1, 0)


def test_after_a_transfer_each_driver_has_their_part_of_the_ride(cast: Cast) -> None:
    Shift.objects.all().delete()
    add_shift(cast, "07:00", "15:00")
    add_shift(cast, "07:00", "15:00", driver=cast.strange_driver, vehicle=cast.spare_van)
    trip = add_trip(cast, "08:00", picked_up_at="08:00", dropped_off_at="09:00")
    trip.assignments.update(ended_at=at("08:20"))
    trip.assignments.create(
        driver=cast.strange_driver, vehicle=cast.spare_van, started_at=at("08:20")
    )
    roll_day(MONDAY, NOW)
    found = DriverDay.objects.order_by("driver").values_list("aboard_s", flat=True)
    assert list(found) == [20 * 60, 40 * 60]


def test_what_goes_on_counts_until_now(cast: Cast) -> None:
    Shift.objects.update(starts_at=at("07:00"))
    add_trip(cast, "08:00", "in_progress", picked_up_at="08:00")
    roll_day(MONDAY, at("08:30"))
    row = DriverDay.objects.get(driver=cast.driver)
    assert (row.shift_s, row.aboard_s) == (90 * 60, 30 * 60)


def test_a_week_is_the_sum_of_its_days(cast: Cast, monday: dict[str, Trip]) -> None:
    for n in range(7):
        add_trip(cast, "14:00", arrived_pickup_at="14:20", day=MONDAY + n * DAY)
    add_trip(cast, "14:00", day=MONDAY - DAY)
    add_trip(cast, "14:00", day=MONDAY + 7 * DAY)
    roll_days((MONDAY + n * DAY for n in range(-1, 8)), NOW)
    week = WeekReport.objects.get(monday=MONDAY)
    days = list(DayReport.objects.filter(day__gte=MONDAY, day__lt=MONDAY + 7 * DAY))
    assert len(days) == 7
    for name in COMPANY_COUNTERS:
        assert getattr(week, name) == sum(getattr(day, name) for day in days), name
    # 4 of 6 on Monday, none of one on each of the seven days, and the one after midnight.
    assert (week.pickups_on_time, week.pickups_due) == (4, 13)
    assert COMPANY_RATIOS["on_time_pickups"].of(vars(week)) == 0.3077


def test_rolling_up_twice_is_rolling_up_once(monday: dict[str, Trip]) -> None:
    roll_up(NOW)
    once = tables()
    assert roll_up(NOW) == 8  # today and the week before
    assert tables() == once


def test_nothing_that_is_settled_is_computed_again(monday: dict[str, Trip]) -> None:
    roll_up(NOW)
    before = DayReport.objects.get(day=MONDAY).computed_at
    roll_up(NOW + timedelta(hours=1))
    assert DayReport.objects.get(day=MONDAY).computed_at == before
    newest = DayReport.objects.order_by("-day")[0]
    assert newest.computed_at == NOW + timedelta(hours=1)


def measured_again(trip: Trip) -> None:
    """Positions that came late."""
    measure(trip, 6_500, 1_000)
    change(trip)


Trips = dict[str, Trip]
CHANGES: tuple[Callable[[Trips], None], ...] = (
    lambda trips: change(trips["late"], arrived_pickup_at=at("10:05")),
    lambda trips: change(trips["late"], dropped_off_at=at("10:55")),
    lambda trips: change(trips["rejected"], scheduled_at=at("16:00", MONDAY + DAY)),
    lambda trips: change(trips["cancelled"], status="scheduled", cancel_kind=""),
    lambda trips: change(trips["never called"], ready_at=at("17:00"), scheduled_at=at("17:00")),
    lambda trips: measured_again(trips["on time"]),
    lambda trips: change(trips["will-call"], dropped_off_at=at("00:20", MONDAY + DAY)),
    lambda trips: change(trips["next day"], scheduled_at=at("09:00", MONDAY - 3 * DAY)),
)


class Undo(Exception):
    """Rolls a savepoint back."""


@given(st.permutations(range(len(CHANGES))), st.lists(st.booleans(), min_size=8, max_size=8))
@settings(max_examples=4, deadline=None, phases=[Phase.generate])
def _any_order(trips: dict[str, Trip], order: list[int], rolled: list[bool]) -> None:
    try:
        # Days that are computed anyway would only take time: all that changes is settled.
        with transaction.atomic(), patch.object(rollup, "SETTLES_AFTER", timedelta()):
            for which, now_too in zip(order, rolled, strict=True):
                CHANGES[which](trips)
                if now_too:
                    roll_up(NOW)
            roll_up(NOW)
            by_and_by = tables()
            forget()
            roll_up(NOW)
            assert tables() == by_and_by
            raise Undo
    except Undo:
        pass


def test_late_events_in_any_order_end_in_the_tables_of_one_roll_up(
    monday: dict[str, Trip],
) -> None:
    roll_up(NOW)
    _any_order(monday)


def test_a_trip_that_moved_leaves_its_old_day(monday: dict[str, Trip]) -> None:
    roll_up(NOW)
    change(monday["late"], scheduled_at=at("10:00", MONDAY + 2 * DAY))
    roll_up(NOW)
    trips = dict(DayReport.objects.values_list("day", "trips"))
    assert (trips[MONDAY], trips[MONDAY + 2 * DAY]) == (9, 1)


def test_a_change_while_it_is_rolled_up_is_seen_the_next_time(monday: dict[str, Trip]) -> None:
    roll_up(NOW)
    change(monday["late"])

    def meanwhile(day: date, now: datetime) -> None:
        roll_day(day, now)
        if day == MONDAY:
            change(monday["late"], arrived_pickup_at=at("10:00"))

    with patch.object(rollup, "roll_day", meanwhile):
        roll_up(NOW)
    assert DayReport.objects.get(day=MONDAY).pickups_late == 1
    roll_up(NOW)
    assert DayReport.objects.get(day=MONDAY).pickups_late == 0


def test_a_worker_that_dies_in_between_leaves_the_work_to_the_next(
    monday: dict[str, Trip],
) -> None:
    roll_up(NOW)
    change(monday["late"], scheduled_at=at("10:00", MONDAY + 2 * DAY))

    def dies(day: date, now: datetime) -> None:
        if day == MONDAY:
            raise OSError("killed")
        roll_day(day, now)

    with patch.object(rollup, "roll_day", dies), pytest.raises(OSError, match="killed"):
        roll_up(NOW)
    assert DayReport.objects.get(day=MONDAY).trips == 10
    roll_up(NOW)
    assert DayReport.objects.get(day=MONDAY).trips == 9


def test_a_long_history_is_taken_in_pieces(monday: dict[str, Trip]) -> None:
    roll_up(NOW)
    at_once_ = tables()
    forget()
    with patch.object(rollup, "PIECE", 2):
        roll_up(NOW)
    assert tables() == at_once_
    assert ReportedTrip.objects.count() == Trip.objects.count()


def test_a_shift_that_is_put_right_within_a_week_is_counted(cast: Cast) -> None:
    yesterday = TODAY - DAY
    Shift.objects.all().delete()
    shift = add_shift(cast, "07:00", "19:00", yesterday)
    roll_up(NOW)
    Shift.objects.filter(pk=shift.pk).update(ends_at=at("15:00", yesterday))
    roll_up(NOW)
    assert DayReport.objects.get(day=yesterday).shift_s == 8 * 3600


def test_days_without_a_beat_are_caught_up_with(cast: Cast) -> None:
    roll_up(NOW - 30 * DAY)
    roll_up(NOW)
    days = set(DayReport.objects.values_list("day", flat=True))
    assert {TODAY - n * DAY for n in range(30)} <= days


def test_one_trip_in_a_wrong_year_is_no_work_for_all_years_between(cast: Cast) -> None:
    add_trip(cast, "09:00", day=date(1999, 9, 25))
    with patch.object(rollup, "GAPS_WITHIN", 10 * DAY):
        assert roll_up(NOW) == 1 + 11


def test_tomorrows_trips_are_not_reported_before_tomorrow(cast: Cast) -> None:
    add_trip(cast, "09:00", "scheduled", day=TODAY + DAY, driver=None)
    roll_up(NOW)
    assert not DayReport.objects.filter(day__gt=TODAY).exists()
    roll_up(NOW + DAY)
    assert DayReport.objects.get(day=TODAY + DAY).trips == 1


def test_another_rule_holds_for_all_days_alike(monday: dict[str, Trip]) -> None:
    roll_up(NOW)
    Company.objects.update(on_time_minutes=16)
    roll_up(NOW)
    assert DayReport.objects.get(day=MONDAY).pickups_late == 0


def test_the_task_rolls_up_and_says_how_much(cast: Cast) -> None:
    assert roll_up_days.apply(throw=True).result == "8 days rolled up"


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_one_day_do_not_get_into_each_others_way(
    monday: dict[str, Trip],
) -> None:
    assert at_once(lambda: roll_day(MONDAY, NOW), 4) == [None] * 4
    once = tables()
    forget()
    roll_day(MONDAY, NOW)
    assert tables() == once


def test_a_roll_up_needs_no_more_statements_for_more_trips(cast: Cast) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as found:
            roll_day(MONDAY, NOW)
        return len(found)

    add_trip(cast, "08:00")
    roll_day(MONDAY, NOW)
    few = statements()
    for minute in range(30):
        add_trip(cast, f"09:{minute:02}")
    assert statements() == few
