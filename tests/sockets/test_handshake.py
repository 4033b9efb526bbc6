"""Who may open which socket, and how a refusal looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from knox.models import AuthToken

from tests.cast import Cast
from tests.fixtures_processes import WebServer
from tests.sockets.conftest import Opens
from tests.sockets.screen import PROTOCOL, Screen
from trips import links
from trips.models import Patient, Trip
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)

ABSENT = 987_654_321
NOBODY, NEVER, NOT_FOUND = 4401, 4403, 4404


@pytest.fixture
def board_url(web_server: WebServer) -> str:
    return f"{web_server.ws_url}/ws/dispatch/"


def cookie_of(user: User) -> str:
    """The Cookie header of a browser in which `user` has logged in."""
    browser = Client()
    browser.force_login(user)
    return f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"


def browser_of(user: User, web_server: WebServer, url: str) -> Screen:
    """A page of ours in a browser where `user` has logged in."""
    return Screen(url, cookie=cookie_of(user), origin=web_server.base_url)


def code_of(screen: Screen) -> int | None:
    """How the server refuses; it must accept with our protocol first."""
    with screen:
        assert screen.socket.subprotocol == PROTOCOL
        code = screen.closed_with()
        assert screen.frames == []
    return code


def test_a_token_opens_the_board_without_an_origin(cast: Cast, opens: Opens) -> None:
    with opens(cast.dina, "/ws/dispatch/") as screen:
        assert screen.socket.subprotocol == PROTOCOL
        hello = screen.next()
        assert hello.keys() == {"type", "protocol", "stream", "epoch", "seq"}
        assert (hello["type"], hello["protocol"], hello["stream"]) == ("hello", PROTOCOL, "board")


def test_who_is_not_known_is_4401(
    cast: Cast, board_url: str, web_server: WebServer, subtests: pytest.Subtests
) -> None:
    ours, dinas = web_server.base_url, cast.token(cast.dina)
    host = ours.removeprefix("http://")
    forged = "sessionid=abcdefghijklmnopqrstuvwxyz123456"
    session = cookie_of(cast.dina)
    attempts: dict[str, dict[str, Any]] = {
        "no login": {},
        "no login, from our own page": {"origin": ours},
        "an unknown token": {"token": "x" * 64},
        "a token that cannot be one": {"token": "a"},
        "a token from a foreign page": {"token": dinas, "origin": "https://evil.example"},
        "a session without an origin": {"cookie": session},
        "a session from a foreign page": {"cookie": session, "origin": "https://evil.example"},
        "a session from https": {"cookie": session, "origin": f"https://{host}"},
        "a session from another port": {"cookie": session, "origin": "http://127.0.0.1:1"},
        "a session from a longer name": {
            "cookie": session,
            "origin": "http://127.0.0.1.evil.example",
        },
        "a session from null": {"cookie": session, "origin": "null"},
        "an invented session": {"cookie": forged, "origin": ours},
        "an odd cookie": {"cookie": "sessionid;=;;=a;sessionid=", "origin": ours},
    }
    for name, how in attempts.items():
        with subtests.test(name):
            assert code_of(Screen(board_url, **how)) == NOBODY


def test_a_session_with_our_origin_opens_the_board(
    cast: Cast, board_url: str, web_server: WebServer
) -> None:
    with browser_of(cast.dina, web_server, board_url) as screen:
        assert screen.next()["type"] == "hello"


def test_a_token_with_our_origin_is_as_good(
    cast: Cast, board_url: str, web_server: WebServer
) -> None:
    token, origin = cast.token(cast.dina), web_server.base_url
    with Screen(board_url, token=token, origin=origin) as screen:
        assert screen.next()["type"] == "hello"


def test_expired_logins_and_disabled_accounts_are_4401(
    cast: Cast, opens: Opens, board_url: str, web_server: WebServer
) -> None:
    past = timezone.now() - timedelta(seconds=1)
    session = browser_of(cast.dina, web_server, board_url)
    opens(cast.dina, "/ws/dispatch/")
    AuthToken.objects.update(expiry=past)
    Session.objects.update(expire_date=past)
    assert code_of(opens(cast.dina, "/ws/dispatch/")) == NOBODY
    assert code_of(session) == NOBODY
    cast.disable(cast.ada)
    assert code_of(opens(cast.ada, "/ws/dispatch/")) == NOBODY


def test_a_token_in_the_address_is_no_login(cast: Cast, board_url: str) -> None:
    assert code_of(Screen(f"{board_url}?token={cast.token(cast.dina)}")) == NOBODY


def test_only_dispatchers_and_administrators_have_the_board(
    cast: Cast, opens: Opens, subtests: pytest.Subtests
) -> None:
    for user in (cast.omar, cast.eve, cast.pia, cast.hugo, cast.bea):
        with subtests.test(user.username):
            assert code_of(opens(user, "/ws/dispatch/")) == NEVER
    with opens(cast.ada, "/ws/dispatch/") as screen:
        assert screen.next()["type"] == "hello"


def test_a_trip_is_open_to_whom_it_concerns_and_absent_for_others(
    cast: Cast, opens: Opens, subtests: pytest.Subtests
) -> None:
    trip = cast.trip_in("in_progress")
    path = f"/ws/trips/{trip.pk}/"
    for user in (cast.dina, cast.ada, cast.bea, cast.omar, cast.pia):
        with subtests.test(user.username), opens(user, path) as screen:
            assert screen.next()["stream"] == f"trip:{trip.pk}"
    for user in (cast.eve, cast.hugo):
        with subtests.test(user.username):
            assert code_of(opens(user, path)) == NOT_FOUND
            assert code_of(opens(user, f"/ws/trips/{ABSENT}/")) == NOT_FOUND
    assert code_of(opens(cast.dina, f"/ws/trips/{ABSENT}/")) == NOT_FOUND


def test_an_unknown_address_is_4404(web_server: WebServer, cast: Cast) -> None:
    for path in ("/ws/", "/ws/trips/x/", "/ws/trips/-1/", f"/ws/trips/{'9' * 40}/", "/", "/a%00"):
        screen = Screen(web_server.ws_url + path, token=cast.token(cast.dina))
        assert code_of(screen) == NOT_FOUND, path


def test_a_client_that_offers_no_protocol_is_answered_without_one(
    cast: Cast, board_url: str
) -> None:
    with Screen(board_url, protocols=()) as screen:
        assert screen.socket.subprotocol is None
        assert screen.closed_with() == NOBODY
    with Screen(board_url, protocols=(), token=cast.token(cast.dina)) as screen:
        assert screen.socket.subprotocol is None
        assert screen.next()["type"] == "hello"


def test_me_is_open_to_everybody_for_themselves(cast: Cast, opens: Opens) -> None:
    for user in (cast.dina, cast.omar, cast.eve, cast.pia, cast.hugo, cast.bea):
        with opens(user, "/ws/me/") as screen:
            assert screen.next()["stream"] == f"user:{user.pk}"


class TestTrackingLink:
    """`/ws/track/{signed}/`: one trip, redacted, without a login."""

    def test_it_shows_the_trip_without_what_a_stranger_may_not_know(
        self, cast: Cast, web_server: WebServer
    ) -> None:
        User.objects.filter(pk=cast.omar.pk).update(last_name="Haddad")
        trip = cast.trip_in("in_progress", notes="oxygen behind the seat")
        with self.screen(web_server, links.sign(trip.pk)) as screen:
            snapshot = screen.next_of("snapshot")
            cast.tap(trip, "arrive_dropoff")
            screen.until(lambda state: state.trips[trip.pk]["status"] == "arrived_dropoff")
        text = str(screen.frames)
        for secret in ("Pia", "Götgatan", "oxygen", "Haddad", "Eastside", "57.7035"):
            assert secret not in text
        assert snapshot["trips"][0]["driver"]["name"] == "Omar"

    def test_a_bad_link_is_4404(self, cast: Cast, web_server: WebServer) -> None:
        good = links.sign(cast.trip_in("in_progress").pk)
        for signed in (good[:-1], "x", good.replace(":", ";", 1), links.sign(ABSENT), good + "a"):
            assert code_of(self.screen(web_server, signed)) == NOT_FOUND

    def test_a_link_of_a_trip_long_over_is_4404(self, cast: Cast, web_server: WebServer) -> None:
        trip = cast.trip_in("completed")
        with self.screen(web_server, links.sign(trip.pk)) as screen:
            assert screen.next()["type"] == "hello"
        two_hours_ago = timezone.now() - timedelta(hours=2)
        Trip.objects.filter(pk=trip.pk).update(state_since=two_hours_ago)
        assert code_of(self.screen(web_server, links.sign(trip.pk))) == NOT_FOUND

    @staticmethod
    def screen(web_server: WebServer, signed: str) -> Screen:
        return Screen(f"{web_server.ws_url}/ws/track/{signed}/")


class TestWhoLosesARightLosesTheSocket:
    """Within two seconds, Redis or no Redis, whoever takes it away."""

    WITHIN_S = 4.0

    @pytest.fixture
    def omars(self, cast: Cast, opens: Opens) -> Iterator[tuple[Trip, Screen]]:
        trip = cast.trip_in("in_progress")
        with opens(cast.omar, f"/ws/trips/{trip.pk}/") as screen:
            yield trip, screen.live()

    @pytest.mark.parametrize(
        "takes",
        [
            lambda omar: AuthToken.objects.filter(user=omar).delete(),
            lambda omar: AuthToken.objects.update(expiry=timezone.now()),
            lambda omar: User.objects.filter(pk=omar.pk).update(is_active=False),
            lambda omar: User.objects.filter(pk=omar.pk).update(role="patient"),
        ],
        ids=["token revoked", "token expired", "account disabled", "role changed"],
    )
    def test_a_login_that_ends(
        self, cast: Cast, omars: tuple[Trip, Screen], takes: Callable[[User], object]
    ) -> None:
        takes(cast.omar)
        assert omars[1].closed_with(self.WITHIN_S) == NOBODY

    def test_a_trip_that_is_taken_away(self, cast: Cast, opens: Opens) -> None:
        trip = cast.trip_in("dispatched")
        with opens(cast.omar, f"/ws/trips/{trip.pk}/") as omars:
            omars.live()
            cast.give_to_eve(trip)
            assert omars.closed_with(self.WITHIN_S) == NOT_FOUND

    def test_a_patient_who_is_another_persons(self, cast: Cast, opens: Opens) -> None:
        trip = cast.trip_in("dispatched")
        with opens(cast.pia, f"/ws/trips/{trip.pk}/") as pias:
            pias.live()
            Patient.objects.update(user=None)
            assert pias.closed_with(self.WITHIN_S) == NOT_FOUND

    def test_dinas_browser_that_logs_out_or_changes_the_password(
        self, cast: Cast, board_url: str, web_server: WebServer
    ) -> None:
        first, second = (browser_of(cast.dina, web_server, board_url) for _ in range(2))
        with first, second:
            first.live()
            second.live()
            Session.objects.order_by("expire_date")[0].delete()
            assert first.closed_with(self.WITHIN_S) == NOBODY
            second.read_for(0.1)
            User.objects.filter(pk=cast.dina.pk).update(password="another")
            assert second.closed_with(self.WITHIN_S) == NOBODY

    def test_others_stay(self, cast: Cast, opens: Opens) -> None:
        with opens(cast.dina, "/ws/dispatch/") as dinas, opens(cast.ada, "/ws/dispatch/") as adas:
            dinas.live()
            adas.live()
            cast.disable(cast.ada)
            assert adas.closed_with(self.WITHIN_S) == NOBODY
            trip = cast.book()
            dinas.until(lambda state: trip.pk in state.trips)
