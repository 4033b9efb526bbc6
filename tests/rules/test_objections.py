"""Why a crew may not take a trip: one list for dispatchers, candidates and automation."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.dispatch.crews import TODAY, VAN, crew, drive_s, ride, wanted
from trips.dispatch.matching import Busy, objections
from trips.dispatch.plans import Plan
from trips.dispatch.seats import Seating

YESTERDAY = TODAY - timedelta(days=1)


def codes(mobility: str = "ambulatory", **facts: Any) -> list[str]:
    trip = wanted(ride(7, 480, 0, 10, mobility=mobility), mobility)
    return [refusal.code for refusal in objections(trip, crew(**facts))]


def test_a_crew_on_shift_with_nothing_to_do_takes_the_trip() -> None:
    assert codes() == []
    assert codes("wheelchair") == []


@pytest.mark.parametrize(
    ("fact", "code", "mobility"),
    [
        ("inspection_due", "inspection_due", "ambulatory"),
        ("insurance_expires", "insurance_expired", "ambulatory"),
        ("lift_inspection_due", "lift_inspection_due", "wheelchair"),
        ("licence_expires", "licence_expired", "ambulatory"),
        ("medical_expires", "medical_expired", "ambulatory"),
    ],
)
def test_a_paper_is_good_through_its_last_day(fact: str, code: str, mobility: str) -> None:
    assert codes(mobility, **{fact: TODAY}) == []
    assert codes(mobility, **{fact: YESTERDAY}) == [code]


def test_a_lift_matters_to_who_needs_one() -> None:
    assert codes(has_lift=False, lift_inspection_due=YESTERDAY) == []
    assert codes("wheelchair", has_lift=False) == ["no_lift"]


def test_a_vehicle_out_of_service_is_named() -> None:
    [refusal] = objections(wanted(ride(7, 480, 0, 10)), crew(3, in_service=False))
    assert (refusal.code, refusal.text) == ("out_of_service", "Van 3 is out of service.")


@pytest.mark.parametrize(
    ("mobility", "has", "missing"),
    [
        ("wheelchair", set(), ""),
        ("stretcher", set(), "stretcher"),
        ("stretcher", {"stretcher"}, ""),
        ("bariatric_wheelchair", {"stretcher"}, "bariatric"),
        ("bariatric_stretcher", {"stretcher"}, "bariatric"),
        ("bariatric_stretcher", {"stretcher", "bariatric"}, ""),
    ],
)
def test_stretchers_and_bariatric_riders_take_a_training(
    mobility: str, has: set[str], missing: str
) -> None:
    of = crew(qualifications=frozenset(has))
    trip = wanted(ride(7, 480, 0, 10, mobility=mobility), mobility)
    texts = [one.text for one in objections(trip, of) if one.code == "not_qualified"]
    assert texts == ([f"The driver is not qualified: {missing}."] if missing else [])


@pytest.mark.parametrize(
    ("begins_min", "ends_min", "expected"),
    [(480, 495, []), (481, 600, ["off_shift"]), (400, 491, ["off_shift"])],
)
def test_the_shift_lasts_from_the_pick_up_to_the_drop_off(
    begins_min: float, ends_min: float, expected: list[str]
) -> None:
    # Ten minutes of driving, two at each door.
    assert codes(shift_begins_s=60 * begins_min, shift_ends_s=60 * ends_min) == expected


def test_a_vehicle_with_nobody_on_shift_is_no_crew() -> None:
    assert codes(driver=None) == ["no_driver"]


def test_who_may_not_go_at_all_is_not_asked_whether_there_is_time() -> None:
    full = [ride(n, 480, 0, 10) for n in range(4)]
    assert codes(rides=full, in_service=False) == ["out_of_service"]


def test_nobody_drives_two_vehicles_at_once() -> None:
    other = Busy(9, "The driver", 60 * 470.0, 60 * 481.0)
    before = Busy(9, "The driver", 60 * 470.0, 60 * 480.0)
    assert codes(busy=[other]) == ["busy"]
    assert codes(busy=[before]) == []


def test_the_trips_that_are_in_the_way_are_named() -> None:
    far = ride(5, 480, 200, 210)
    [refusal] = objections(wanted(ride(7, 485, 0, 10)), crew(rides=[far]))
    assert refusal.code == "overlap"
    assert refusal.text == "Van 1 cannot be there in time because of trip 5."


def test_a_full_van_says_so() -> None:
    # Everybody goes a hundred kilometres the same way: there is no coming back in time.
    rides = [ride(n, 480, 0, 100, mobility="wheelchair") for n in (1, 2)]
    late = wanted(ride(7, 482, 0, 100, mobility="wheelchair"), "wheelchair")
    [refusal] = objections(late, crew(rides=rides))
    assert refusal.code == "full"
    assert refusal.text == "Van 1 has no place left beside trips 1, 2."


def test_a_vehicle_is_refused_for_being_busy_never_for_being_far_away() -> None:
    far = Plan(Seating.of(VAN), drive_s, (0.0, 500.0), 60 * 470.0)
    assert codes(plan=far) == []
