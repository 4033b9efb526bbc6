"""A vehicle's marker never goes back in time, and a clock that is ahead never freezes it."""

from trips.realtime.broadcast import LiveFix
from trips.realtime.markers import CLOCK_TOLERANCE_S, Markers

NOW = 1_795_000_000.0


def live(at: float, *, vehicle: int | None = 1, trip: int | None = 9) -> LiveFix:
    trips = [] if trip is None else [trip]
    return LiveFix(
        vehicle=vehicle,
        driver=None,
        trip=trip,
        trips=trips,
        lat=57.7,
        lon=11.9,
        speed=None,
        heading=None,
        at=at,
    )


def times(fixes: list[LiveFix]) -> list[float]:
    return [fix["at"] for fix in fixes]


def test_a_newer_fix_moves_the_marker_and_an_older_or_equal_one_does_not() -> None:
    markers = Markers()
    assert times(markers.newer([live(NOW - 5)], NOW)) == [NOW - 5]
    assert markers.newer([live(NOW - 5)], NOW) == []
    assert markers.newer([live(NOW - 60)], NOW) == []
    assert times(markers.newer([live(NOW - 4)], NOW)) == [NOW - 4]


def test_of_a_backlog_only_the_newest_is_shown_whatever_its_order() -> None:
    for order in ([-30, -20, -10], [-10, -20, -30], [-20, -10, -30]):
        shown = Markers().newer([live(NOW + n) for n in order], NOW)
        assert times(shown) == [NOW - 10]


def test_a_fix_from_the_future_neither_moves_nor_freezes_the_marker() -> None:
    markers = Markers()
    assert markers.newer([live(NOW + 3_600)], NOW) == []
    assert times(markers.newer([live(NOW + 1)], NOW + 1)) == [NOW + 1]
    edge = NOW + 1 + CLOCK_TOLERANCE_S
    assert markers.newer([live(edge + 0.1)], NOW + 1) == []
    assert times(markers.newer([live(edge)], NOW + 1)) == [edge]


def test_vehicles_and_trips_without_a_vehicle_each_have_a_marker() -> None:
    markers = Markers()
    fixes = [
        live(NOW - 1, vehicle=1),
        live(NOW - 9, vehicle=2),
        live(NOW - 8, vehicle=None, trip=1),
        live(NOW - 7, vehicle=None, trip=2),
    ]
    assert times(markers.newer(fixes, NOW)) == [NOW - 1, NOW - 9, NOW - 8, NOW - 7]
    assert markers.newer(fixes, NOW) == []
