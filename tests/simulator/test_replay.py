"""A replay posts a track as a phone would, and says what became of every point."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from tests.simulator.scripted import Script, scripted
from trips.simulator.api import Api, Login, Refused, Stats, new_client
from trips.simulator.replay import Pace, Report, replay
from trips.simulator.tracks import Track, TrackPoint, Unreadable

NINE = datetime(2026, 3, 1, 9, tzinfo=UTC)
AT_ONCE = Pace(speed=1e9, max_gap_s=0)
OK = (202, {"accepted": 1, "duplicates": 0, "quarantined": []})


def track(*seconds: float) -> Track:
    return Track([TrackPoint(NINE + timedelta(seconds=s), 57.7, 11.97) for s in seconds], [])


@asynccontextmanager
async def api_of(script: Script) -> AsyncIterator[Api]:
    async with new_client(script.base_url) as client:
        yield Api(client, Login("omar", token="t1"), Stats(), Random(1))


async def replayed(script: Script, points: Track, pace: Pace) -> Report:
    async with api_of(script) as api:
        return await replay(api, 7, "walk.gpx", points, pace, lambda _: None)


async def test_points_go_one_by_one_as_they_fall_due_and_end_now() -> None:
    with scripted(OK) as script:
        report = await replayed(script, track(0, 60, 3_600), Pace(speed=600, max_gap_s=0.3))
    posted = [request.body for request in script.requests]
    times = [datetime.fromisoformat(fix["recorded_at"]) for fix in posted]
    assert [(t - times[0]).total_seconds() for t in times] == [0, 60, 3_600]
    assert timedelta(0) <= datetime.now(UTC) - times[-1] < timedelta(seconds=30)
    assert (report.posted, report.accepted, report.is_complete) == (3, 3, True)


async def test_points_that_are_due_together_go_as_lists_of_at_most_a_hundred() -> None:
    receipt = (202, {"accepted": 50, "duplicates": 50, "quarantined": []})
    with scripted(receipt) as script:
        report = await replayed(script, track(*range(250)), AT_ONCE)
    assert max(len(request.body) for request in script.requests) == 100
    posted = [fix for request in script.requests for fix in request.body]
    assert [fix["id"] for fix in posted] == [f"walk.gpx-{n}" for n in range(250)]
    assert (report.posted, report.accepted, report.duplicates) == (250, 150, 150)


async def test_quarantined_points_are_counted_by_reason() -> None:
    refusals = [{"index": 0, "reason": "speed"}, {"index": 2, "reason": "speed"}]
    receipt = {"accepted": 1, "duplicates": 0, "quarantined": refusals}
    with scripted((202, receipt)) as script:
        report = await replayed(script, track(0, 0, 0), AT_ONCE)
    assert report.quarantined == {"speed": 2}
    assert report.is_complete


async def test_a_point_that_is_refused_is_reported_and_the_next_one_posted() -> None:
    with scripted((400, {"detail": "latitude"}), OK) as script:
        report = await replayed(script, track(0, 60), Pace(speed=600, max_gap_s=0.3))
    assert report.rejected == {"400: latitude": 1}
    assert report.accepted == 1
    assert not report.is_complete


async def test_a_point_that_could_not_be_read_makes_the_replay_incomplete() -> None:
    points = Track(track(0).points, [Unreadable(8, "no time")])
    with scripted(OK) as script:
        report = await replayed(script, points, AT_ONCE)
    assert not report.is_complete
    assert report.as_json()["unreadable"] == [{"place": 8, "reason": "no time"}]


async def test_a_trip_that_is_not_mine_ends_the_replay() -> None:
    with scripted((404, {"detail": "No such trip."})) as script, pytest.raises(Refused):
        await replayed(script, track(0, 60), AT_ONCE)
    assert len(script.requests) == 1
