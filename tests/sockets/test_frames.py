"""What a client may send: bad frames are answered, good ones are obeyed, the socket stays."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cast import Cast
from tests.sockets.conftest import Opens
from tests.tracking.door import HERE, fix, kept, track
from trips.models import QuarantinedFix

pytestmark = pytest.mark.django_db(transaction=True)

BAD_FRAMES: dict[str, str | bytes] = {
    "nothing": "",
    "words": "hello",
    "half a JSON": '{"type": "resume"',
    "a list": "[]",
    "a number": "7",
    "null": "null",
    "no type": "{}",
    "an unknown type": '{"type": "dance"}',
    "a type of the server's": '{"type": "snapshot"}',
    "a type that is a number": '{"type": 7}',
    "an unknown field": '{"type": "resume", "colour": "red"}',
    "since in words": '{"type": "resume", "since": "yesterday"}',
    "subscribe without trips": '{"type": "subscribe"}',
    "subscribe to words": '{"type": "subscribe", "trips": ["a"]}',
    "ack without frames": '{"type": "ack"}',
    "ack of a half": '{"type": "ack", "frames": 0.5}',
    "five thousand brackets": "[" * 5_000,
    "NaN": '{"type": "ack", "frames": NaN}',
    "half a character": '{"type": "resume", "epoch": "\\ud800"}',
    "binary": b"\x00\xff",
    "JSON in binary": b'{"type": "resume"}',
}


def test_each_bad_frame_gets_an_error_and_the_socket_stays(
    cast: Cast, opens: Opens, subtests: pytest.Subtests
) -> None:
    names = list(BAD_FRAMES)
    for part in (names[:10], names[10:]):
        with opens(cast.dina, "/ws/dispatch/") as screen:
            screen.live()
            for name in part:
                screen.send(BAD_FRAMES[name])
                error = screen.next_of("error")
                with subtests.test(name):
                    assert (error["code"], bool(error["detail"])) == ("bad_frame", True)
            trip = cast.book()
            screen.until(lambda state, pk=trip.pk: pk in state.trips)  # type: ignore[misc]


def test_who_goes_on_sending_bad_frames_is_closed(cast: Cast, opens: Opens) -> None:
    with opens(cast.dina, "/ws/dispatch/") as screen:
        screen.live()
        for _ in range(25):
            screen.send("hello")
        assert screen.closed_with() == 4400


def test_a_frame_of_20_kb_ends_the_socket(cast: Cast, opens: Opens) -> None:
    with opens(cast.dina, "/ws/dispatch/") as screen:
        screen.live()
        screen.send("x" * 20_000)
        screen.closed_with()
        assert not screen.of("error")


@pytest.mark.parametrize("frames", [-1, 0, 10**18])
def test_an_odd_ack_does_no_harm(cast: Cast, opens: Opens, frames: int) -> None:
    with opens(cast.dina, "/ws/dispatch/") as screen:
        screen.live()
        screen.send({"type": "ack", "frames": frames})
        trip = cast.book()
        screen.until(lambda state: trip.pk in state.trips)
        assert not screen.of("error")


class TestGpsOverTheSocket:
    """A driver's socket may replace POSTs: the ack comes after the commit."""

    def test_fixes_are_kept_and_acknowledged(self, cast: Cast, opens: Opens) -> None:
        trip = cast.trip_in("in_progress")
        with opens(cast.omar, f"/ws/trips/{trip.pk}/") as screen:
            screen.live()
            one = fix()
            screen.send(gps([one, one, {**HERE, "latitude": 91}], ref="r-1"))
            ack = screen.next_of("ack")
            assert len(kept(trip=trip)) == 1
        assert (ack["ref"], ack["accepted"], ack["duplicates"]) == ("r-1", 1, 1)
        assert ack["quarantined"] == [{"index": 2, "reason": "bad_latitude"}]
        assert QuarantinedFix.objects.count() == 1

    def test_the_own_stream_takes_them_for_a_trip_that_is_named(
        self, cast: Cast, opens: Opens
    ) -> None:
        trip = cast.trip_in("in_progress")
        with opens(cast.omar, "/ws/me/") as screen:
            screen.live()
            screen.send(gps(track(5), ref="r", trip_id=trip.pk))
            assert screen.next_of("ack")["accepted"] == 5

    def test_a_foreign_trip_gets_none_of_them(self, cast: Cast, opens: Opens) -> None:
        trip = cast.trip_in("in_progress")
        with opens(cast.eve, "/ws/me/") as screen:
            screen.live()
            screen.send(gps([fix()], ref="r", trip_id=trip.pk))
            screen.next_of("ack")
        assert not kept(trip=trip)

    def test_a_hundred_and_one_are_refused(self, cast: Cast, opens: Opens) -> None:
        cast.trip_in("in_progress")
        with opens(cast.omar, "/ws/me/") as screen:
            screen.live()
            screen.send(gps([HERE] * 101, ref="r"))
            assert screen.next_of("error")["code"] == "bad_frame"
        assert not kept()

    @pytest.mark.parametrize(
        "fixes",
        [[1, "x", None, [], {}], [{"latitude": 57.7, "longitude": 11.9, "id": "a\0"}]],
        ids=["no fixes", "NUL"],
    )
    def test_what_is_no_fix_is_quarantined(
        self, cast: Cast, opens: Opens, fixes: list[Any]
    ) -> None:
        cast.trip_in("in_progress")
        with opens(cast.omar, "/ws/me/") as screen:
            screen.live()
            screen.send(gps(fixes, ref="r"))
            assert len(screen.next_of("ack")["quarantined"]) == len(fixes)
        assert QuarantinedFix.objects.count() == len(fixes)

    def test_nobody_but_a_driver_sends_positions(self, cast: Cast, opens: Opens) -> None:
        trip = cast.trip_in("in_progress")
        for user in (cast.dina, cast.pia):
            with opens(user, f"/ws/trips/{trip.pk}/") as screen:
                screen.live()
                screen.send(gps([fix()], ref="r"))
                assert screen.next_of("error")["code"] == "bad_frame"
        assert not kept()


def gps(fixes: list[Any], **more: Any) -> str:
    return json.dumps({"type": "gps", "fixes": fixes, **more})
