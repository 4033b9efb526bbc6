"""How far it was, against a known truth: noise, standing, silences, jumps, other devices."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.evidence.drives import Drive, Receiver, drive, grid, network, reported
from trips.dispatch.travel import CIRCUITY
from trips.evidence.distance import (
    MOST_SPEED_MPS,
    NOISE_M,
    Travelled,
    along_sealed,
    merged,
    plausible,
    travelled,
)
from trips.simulator.roads import RoadNetwork
from trips.simulator.tracks import parse
from trips.tracking.simplify import Point, length_m, simplify

GEOLIFE = Path(__file__).resolve().parents[3] / "shared" / "data" / "geolife"
SILENCE_S = 120.0
SEEDS = range(6)
NORTH_10_M = 10 / 111_195.0


@pytest.fixture(scope="module", params=[network, grid], ids=["streets", "grid"])
def roads(request: pytest.FixtureRequest) -> RoadNetwork:
    made: RoadNetwork = request.param()
    return made


def measured(truth: Drive, *tracks: list[Point]) -> Travelled:
    """As for a trip: the stops and their times are known."""
    stops = [truth.place(0), truth.place(truth.seconds)]
    return travelled(tracks, 0.0, truth.seconds, stops=stops, longest_silence_s=SILENCE_S)


def steps(
    count: int, metres: float, every_s: float = 1.0, begin: Point | None = None
) -> list[Point]:
    """Northwards in even steps."""
    begin = begin or Point(0.0, 57.7, 11.97)
    north = metres / 10 * NORTH_10_M
    return [
        Point(begin.at + n * every_s, begin.latitude + n * north, begin.longitude)
        for n in range(count)
    ]


def along(points: list[Point]) -> float:
    begin, end = min(points).at, max(points).at
    return travelled([points], begin, end, stops=[], longest_silence_s=SILENCE_S).distance_m


@pytest.mark.parametrize(
    "receiver",
    [
        Receiver(),
        Receiver(noise_m=0.0),
        Receiver(jump=0.01),
        Receiver(every_s=2.0),
        Receiver(every_s=5.0),
        Receiver(jump=0.01, gap_s=(30.0, 40.0)),
    ],
    ids=["5 m noise", "no noise", "jumps", "every 2 s", "every 5 s", "jumps and gaps"],
)
def test_a_drive_of_known_length_is_measured_within_3_percent(
    roads: RoadNetwork, receiver: Receiver
) -> None:
    for seed in SEEDS:
        truth = drive(roads, seed)
        found = measured(truth, reported(truth, receiver, seed))
        assert found.distance_m == pytest.approx(truth.route.length_m, rel=0.03), f"seed {seed}"


def test_the_plain_sum_along_the_same_fixes_would_be_far_off(roads: RoadNetwork) -> None:
    truth = drive(roads, 1)
    fixes = sorted(reported(truth, Receiver(), 1))
    assert length_m(fixes) > 1.3 * truth.route.length_m


def test_an_hour_at_the_kerb_is_no_drive() -> None:
    rng = Random(3)
    kerb = [
        Point(at, 57.7 + rng.gauss(0, 5) / 111_195, 11.97 + rng.gauss(0, 5) / 59_000)
        for at in range(3_600)
    ]
    assert length_m(kerb) > 25_000
    assert along(kerb) < 60


@given(st.randoms(use_true_random=False))
@settings(max_examples=20, deadline=None)
def test_order_and_doubles_change_nothing(rng: Random) -> None:
    track = steps(60, 12)
    mixed = track + rng.choices(track, k=20)
    rng.shuffle(mixed)
    assert along(mixed) == along(track) == pytest.approx(59 * 12, rel=0.001)


@pytest.mark.parametrize("at", [0, 30, 59])
def test_a_jump_at_the_beginning_in_between_or_at_the_end_is_left_out(at: int) -> None:
    track = steps(60, 12)
    jumped = list(track)
    jumped[at] = track[at]._replace(latitude=track[at].latitude + 0.05)
    assert jumped[at] not in plausible(jumped)
    assert along(jumped) == pytest.approx(along(track), abs=13)


def test_a_jump_that_a_silence_made_possible_is_left_out_for_it_cannot_be_left_again() -> None:
    before, after = steps(30, 12), steps(30, 12, begin=Point(130.0, 57.7 + 36 * NORTH_10_M, 11.97))
    jump = Point(129.0, 57.73, 11.97)
    assert plausible([*before, jump, *after]) == [*before, *after]


@given(st.lists(st.tuples(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2)), min_size=1, max_size=40))
@settings(deadline=None)
def test_what_is_believed_can_have_been_driven_whatever_came(
    places: list[tuple[float, float]],
) -> None:
    points = [Point(10.0 * n, 57.7 + a, 11.97 + b) for n, (a, b) in enumerate(places)]
    kept = plausible(points)
    assert kept
    for a, b in pairwise(kept):
        assert length_m([a, b]) <= NOISE_M + MOST_SPEED_MPS * (b.at - a.at)


def test_a_silence_counts_as_streets_are_and_is_told() -> None:
    drive_there = steps(61, 10)
    go_on = steps(61, 10, begin=Point(360.0, 57.7 + 360 * NORTH_10_M, 11.97))
    found = travelled([drive_there + go_on], 0.0, 420.0, stops=[], longest_silence_s=SILENCE_S)
    assert found.gaps == [(60.0, 360.0)]
    assert found.distance_m == pytest.approx(1_200 + 3_000 * CIRCUITY, rel=0.01)


def test_who_stood_still_during_a_silence_drove_nowhere() -> None:
    quiet = [*steps(60, 10), *steps(60, 10, begin=Point(960.0, 57.7 + 60 * NORTH_10_M, 11.97))]
    assert along(quiet) == pytest.approx(119 * 10, rel=0.01)


def test_the_way_from_and_to_a_silent_stop_is_bridged() -> None:
    track = steps(61, 10, begin=Point(300.0, 57.7 + 300 * NORTH_10_M, 11.97))
    stops = [Point(0.0, 57.7, 11.97), Point(660.0, 57.7 + 660 * NORTH_10_M, 11.97)]
    found = travelled([track], 0.0, 660.0, stops=stops, longest_silence_s=SILENCE_S)
    assert found.gaps == [(0.0, 300.0), (360.0, 660.0)]
    assert found.distance_m == pytest.approx(600 + 6_000 * CIRCUITY, rel=0.01)


def test_with_no_fix_at_all_everything_is_a_gap() -> None:
    stops = [Point(0.0, 57.7, 11.97), Point(600.0, 57.72, 11.97)]
    found = travelled([[]], 0.0, 600.0, stops=stops, longest_silence_s=SILENCE_S)
    assert (found.fixes, found.gaps) == (0, [(0.0, 600.0)])
    assert found.distance_m == pytest.approx(length_m(stops) * CIRCUITY, rel=0.01)


def test_two_devices_side_by_side_do_not_zigzag(roads: RoadNetwork) -> None:
    truth = drive(roads, 2)
    phone, tracker = (reported(truth, Receiver(every_s=every), 2) for every in (1.0, 3.0))
    found = measured(truth, tracker, phone)
    assert found.distance_m == pytest.approx(truth.route.length_m, rel=0.03)


def test_a_second_device_speaks_where_the_first_is_silent() -> None:
    first = steps(60, 10) + steps(60, 10, begin=Point(240.0, 57.7 + 240 * NORTH_10_M, 11.97))
    second = steps(101, 30, every_s=3.0)
    both = merged([first, second])
    assert [p for p in both if p.at < 59] == first[:59]
    assert {p.at for p in both} >= {90.0, 150.0, 210.0}


def test_a_sealed_track_is_as_long_as_what_was_sealed() -> None:
    track = [*steps(60, 10), *steps(60, 10, begin=Point(400.0, 57.7 + 400 * NORTH_10_M, 11.97))]
    pieces = simplify(track[:60], 20.0) + simplify(track[60:], 20.0)
    assert len(pieces) == 4
    assert along_sealed(pieces, [(59.0, 400.0)]) == pytest.approx(
        1_180 + 3_410 * CIRCUITY, rel=0.01
    )


@pytest.mark.skipif(not GEOLIFE.is_dir(), reason="../shared/data is absent")
def test_real_tracks_come_out_somewhat_shorter_than_their_noise() -> None:
    for path in sorted(GEOLIFE.glob("*.plt")):
        points = parse(path.name, path.read_text()).points
        track = [Point(p.recorded_at.timestamp(), p.latitude, p.longitude) for p in points]
        plain = length_m(sorted(track))
        assert 0.75 * plain < along(track) < plain
        # Every other fix tells the same story.
        assert along(track[::2]) == pytest.approx(along(track), rel=0.03)
