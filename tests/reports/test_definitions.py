"""What the numbers mean, trip by trip, and that a page says it in the same words."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.bootstrap import ROOT
from trips.lifecycle import Status
from trips.models import DayReport, DriverDay, WeekReport
from trips.reports.definitions import (
    CANCEL_KINDS,
    CANCELLERS,
    COMPANY_COUNTERS,
    COMPANY_RATIOS,
    DRIVER_COUNTERS,
    DRIVER_RATIOS,
    ENDINGS,
    Clock,
    Rules,
    TripFacts,
    cell,
    count_clock,
    count_promises,
    count_trip,
)

RULES = Rules(zone=UTC, on_time=timedelta(minutes=15), will_call=timedelta(minutes=60))
TEN = datetime(2026, 9, 14, 10, tzinfo=UTC)


def minutes(n: float) -> datetime:
    """So long after ten."""
    return TEN + timedelta(minutes=n)


def counted(status: Status | str = "completed", **fields: Any) -> Counter[str]:
    fields = {"scheduled_at": TEN} | fields
    return count_trip(TripFacts(trip_id=1, status=str(status), **fields), RULES)


@pytest.mark.parametrize(
    ("late_by", "wanted"),
    [(-40, "on_time"), (0, "on_time"), (15, "on_time"), (15.1, "late"), (90, "late")],
)
def test_the_agreed_quarter_of_an_hour_is_on_time_and_early_is_too(
    late_by: float, wanted: str
) -> None:
    found = counted(arrived_pickup_at=minutes(late_by))
    assert (found["pickups_due"], found[f"pickups_{wanted}"]) == (1, 1)
    assert found["pickups_on_time"] + found["pickups_late"] == 1


def test_a_trip_that_was_missed_was_due_and_not_on_time() -> None:
    found = counted("missed", appointment_at=minutes(30))
    assert (found["pickups_due"], found["pickups_on_time"]) == (1, 0)
    assert (found["appointments"], found["appointments_met"]) == (1, 0)


def test_who_did_not_come_to_the_door_does_not_make_us_late() -> None:
    found = counted("no_show", arrived_pickup_at=minutes(3), no_show_proven=True)
    assert found["pickups_on_time"] == found["no_shows_outbound"] == found["no_shows_proven"] == 1


def test_a_no_show_on_the_way_back_that_nothing_proves() -> None:
    found = counted("no_show", is_return=True)
    assert found["no_shows_return"] == found["no_shows_unproven"] == 1


@pytest.mark.parametrize("status", ["scheduled", "cancelled", "assigned", "en_route_pickup"])
def test_a_trip_that_nobody_came_to_yet_is_not_due(status: str) -> None:
    assert counted(status)["pickups_due"] == 0


@pytest.mark.parametrize(("after", "met"), [(-1, 1), (0, 1), (1, 0)])
def test_an_appointment_is_met_up_to_its_very_minute(after: int, met: int) -> None:
    found = counted(appointment_at=TEN, dropped_off_at=minutes(after))
    assert (found["appointments"], found["appointments_met"]) == (1, met)


@pytest.mark.parametrize(("wait", "in_time"), [(-5, 1), (0, 1), (60, 1), (61, 0)])
def test_a_will_call_is_measured_from_the_call_and_not_from_an_agreed_time(
    wait: int, in_time: int
) -> None:
    found = counted(ready_at=TEN, arrived_pickup_at=minutes(wait))
    assert found["pickups_due"] == 0
    assert (found["will_calls"], found["will_calls_in_time"]) == (1, in_time)
    assert found["will_call_wait_s"] == max(wait, 0) * 60


def test_a_will_call_that_was_missed_was_not_answered() -> None:
    found = counted("missed", ready_at=TEN)
    assert (found["will_calls"], found["will_calls_answered"]) == (1, 0)


@pytest.mark.parametrize("by", [*CANCELLERS, "requester", ""])
@pytest.mark.parametrize("kind", CANCEL_KINDS)
def test_a_cancellation_has_one_kind_and_one_author(kind: str, by: str) -> None:
    found = counted("cancelled", cancel_kind=kind, cancelled_by=by)
    assert found[f"cancelled_{kind}"] == 1
    assert found[f"cancelled_by_{by if by in CANCELLERS else 'other'}"] == 1


facts = st.builds(
    TripFacts,
    trip_id=st.just(1),
    status=st.sampled_from([status.value for status in Status]),
    is_return=st.booleans(),
    scheduled_at=st.none() | st.integers(-90, 90).map(minutes),
    ready_at=st.none() | st.integers(-90, 90).map(minutes),
    appointment_at=st.none() | st.integers(-90, 90).map(minutes),
    arrived_pickup_at=st.none() | st.integers(-90, 90).map(minutes),
    dropped_off_at=st.none() | st.integers(-90, 90).map(minutes),
    cancel_kind=st.sampled_from(["", *CANCEL_KINDS, "else"]),
    cancelled_by=st.sampled_from(["", *CANCELLERS, "requester"]),
    no_show_proven=st.booleans(),
    loaded_m=st.none() | st.floats(0, 1e5),
    unloaded_m=st.none() | st.floats(0, 1e5),
)


@given(st.lists(facts, max_size=30))
def test_parts_add_up_to_their_whole(trips: list[TripFacts]) -> None:
    found = Counter[str]()
    for trip in trips:
        found.update(count_trip(trip, RULES))
    assert found.keys() <= COMPANY_COUNTERS.keys()
    assert found["trips"] == sum(found[name] for name in ENDINGS) == len(trips)
    assert found["no_shows"] == found["no_shows_outbound"] + found["no_shows_return"]
    assert found["no_shows"] == found["no_shows_proven"] + found["no_shows_unproven"]
    assert found["cancelled"] == sum(found[f"cancelled_{kind}"] for kind in CANCEL_KINDS)
    by = sum(found[f"cancelled_by_{who}"] for who in (*CANCELLERS, "other"))
    assert found["cancelled"] == by
    assert found["pickups_on_time"] + found["pickups_late"] <= found["pickups_due"]
    assert found["will_calls_in_time"] <= found["will_calls_answered"] <= found["will_calls"]
    assert found["appointments_met"] <= found["appointments"]


def test_a_promise_is_kept_broken_by_declining_or_never_was_one() -> None:
    own = [
        TripFacts(trip_id=1, status="completed"),
        TripFacts(trip_id=2, status="missed"),
        TripFacts(trip_id=3, status="no_show"),
        TripFacts(trip_id=4, status="cancelled"),
    ]
    # 5 was taken back by dispatch; 6 declined; 1 declined at first and driven after all.
    found = count_promises(assigned={1, 2, 3, 4, 5, 6}, declined={6, 1}, own=own)
    assert found == {"assigned": 6, "promised": 3, "declined": 1}


hours = st.integers(0, 48).map(lambda n: n * 3600.0)
spans = st.lists(st.tuples(hours, hours), max_size=6).map(tuple)


@given(st.builds(Clock, shifts=spans, breaks=spans, rides=spans))
def test_time_aboard_is_within_duty_and_duty_within_the_shift_and_the_day(clock: Clock) -> None:
    found = count_clock(clock, (0, 24 * 3600))
    assert 0 <= found["aboard_s"] <= found["duty_s"] <= found["shift_s"] <= 24 * 3600


def test_two_patients_at_once_are_one_stretch_aboard() -> None:
    clock = Clock(shifts=((0, 3600),), rides=((0, 600), (300, 900)))
    assert count_clock(clock, (0, 3600))["aboard_s"] == 900


@pytest.mark.parametrize(
    ("place", "wanted"),
    [
        ((57.7035, 11.9660), (5770, 1196)),
        ((0.29, 0.57), (29, 57)),
        ((-33.8605, -0.001), (-3387, -1)),
        ((90, 180), (9000, 18000)),
        ((-90, -180), (-9000, -18000)),
    ],
)
def test_a_cell_is_named_by_its_south_west_corner(
    place: tuple[float, float], wanted: tuple[int, int]
) -> None:
    assert cell(*place) == wanted


def test_every_counter_is_a_column_and_every_column_a_counter() -> None:
    def columns(model: Any) -> set[str]:
        keys = {"id", "day", "monday", "rules", "computed_at", "driver_id"}
        return {field.attname for field in model._meta.fields} - keys

    assert columns(DayReport) == columns(WeekReport) == COMPANY_COUNTERS.keys()
    assert columns(DriverDay) == DRIVER_COUNTERS.keys()


def test_the_page_says_each_definition_in_these_words() -> None:
    page = (ROOT / "docs/REPORTS.md").read_text()
    sentences = {**COMPANY_COUNTERS, **DRIVER_COUNTERS}
    sentences |= {name: one.sentence for name, one in {**COMPANY_RATIOS, **DRIVER_RATIOS}.items()}
    assert [
        f"{name}" for name, said in sentences.items() if f"| `{name}` | {said}" not in page
    ] == []


def test_a_ratio_of_nothing_is_nothing() -> None:
    assert COMPANY_RATIOS["utilisation"].of({"aboard_s": 0, "duty_s": 0}) is None
    per_hour = COMPANY_RATIOS["trips_per_shift_hour"]
    assert per_hour.of({"completed": 12, "shift_s": 8 * 3600}) == 1.5
