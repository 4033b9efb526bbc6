"""Estimates on screens: who gets which, that none is lost, and that a late one does no harm."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.cast import Cast
from tests.eta.test_live_eta import FAR, stands
from tests.fixtures_processes import WebServer
from tests.sockets.conftest import Opens, opens
from tests.sockets.screen import Screen
from trips import links
from trips.dispatch.live_eta import update_etas
from trips.models import Trip, TripEta
from trips.realtime import messages

pytestmark = pytest.mark.django_db(transaction=True)

__all__ = ["opens"]  # a fixture of the sockets' room


@pytest.fixture
def trip(cast: Cast) -> Trip:
    """Omar is on his way to Pia, as the estimates know."""
    trip = cast.trip_in("en_route_pickup")
    stands(cast, FAR, timezone.now())
    update_etas()
    return trip


def eta_of(trip: Trip) -> str:
    row = TripEta.objects.get(trip=trip)
    assert row.eta is not None
    return messages.iso(row.eta)


def later(trip: Trip) -> str:
    """Time passes and the van stands: the new arrival."""
    update_etas(timezone.now() + timedelta(minutes=3))
    return eta_of(trip)


def shown(screen: Screen, trip: Trip, eta: str) -> None:
    screen.until(lambda state: state.trips[trip.pk]["eta"] == eta)


def test_snapshots_have_estimates_and_frames_bring_newer_ones(
    cast: Cast, opens: Opens, web_server: WebServer, trip: Trip
) -> None:
    link = f"{web_server.ws_url}/ws/track/{links.sign(trip.pk)}/"
    path = f"/ws/trips/{trip.pk}/"
    with (
        opens(cast.dina, "/ws/dispatch/") as board,
        opens(cast.pia, path) as pias,
        opens(cast.omar, "/ws/me/") as omars,
        opens(cast.eve, "/ws/me/") as eves,
        Screen(link) as public,
    ):
        first = eta_of(trip)
        for screen in (board, pias, omars):
            screen.live()
            assert screen.state.trips[trip.pk]["eta"] == first
        eves.live()
        public.live()
        second = later(trip)
        for screen in (board, pias, omars):
            shown(screen, trip, second)
        public.until(lambda state: state.trips[trip.pk]["eta"] == f"{second[:17]}00.000Z")
        frames = {name: screen.of("trip.eta")[-1] for name, screen in _named(board, pias, public)}
        eves.read_for(0.5)
        assert not eves.of("trip.eta")
    assert frames["board"].keys() == {
        "type", "trip_id", "eta", "lateness_s", "risk", "why", "suggestion",
    }  # fmt: skip
    assert "pick-up" in frames["board"]["why"]
    assert (frames["pia"]["why"], frames["pia"]["lateness_s"] is None) == ("", False)
    assert (frames["public"]["why"], frames["public"]["lateness_s"]) == ("", None)


def _named(board: Screen, pias: Screen, public: Screen) -> list[tuple[str, Screen]]:
    return [("board", board), ("pia", pias), ("public", public)]


def test_what_changed_while_the_line_was_cut_is_shown_after_the_resume(
    cast: Cast, opens: Opens, trip: Trip
) -> None:
    with opens(cast.dina, "/ws/dispatch/") as board, opens(cast.omar, "/ws/me/") as omars:
        for screen in (board, omars):
            screen.live()
            screen.drop()
        newer = later(trip)
        for screen in (board, omars):
            screen.connect()
            shown(screen, trip, newer)
            assert len(screen.of("snapshot")) == 1


def test_an_ended_trip_has_no_estimate_on_any_screen(cast: Cast, opens: Opens, trip: Trip) -> None:
    with opens(cast.dina, "/ws/dispatch/") as board:
        board.live()
        cast.tap(trip, "cancel", cast.dina, reason="so it goes")
        # The round that was under way when it ended.
        TripEta.objects.filter(trip=trip).update(risk="late", updated_at=timezone.now())
        board.until(lambda state: state.trips[trip.pk]["status"] == "cancelled")
        board.read_for(2.5)
        assert "risk" not in board.state.trips[trip.pk]
    with opens(cast.dina, "/ws/dispatch/") as fresh:
        fresh.live()
        assert "risk" not in fresh.state.trips[trip.pk]
