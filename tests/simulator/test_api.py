"""The simulator's HTTP client outlasts what happens to servers and networks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import pytest

from tests.simulator.scripted import HANG_UP, Script, scripted
from trips.simulator import api as module
from trips.simulator.api import Api, Login, Refused, Stats, Unreachable, new_client
from trips.simulator.backoff import backoff_s

RECEIPT = {"accepted": 1, "duplicates": 0, "quarantined": []}
OMAR = {"username": "omar", "password": "secret"}


@asynccontextmanager
async def client_of(
    script: Script, login: Login, patience_s: float | None = None
) -> AsyncIterator[Api]:
    async with new_client(script.base_url) as client:
        yield Api(client, login, Stats(), Random(1), patience_s)


@pytest.fixture
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "backoff_s", lambda *_: 0.0)


def test_waits_double_up_to_a_limit_and_are_jittered() -> None:
    waits = [backoff_s(attempt, Random(1)) for attempt in range(12)]
    assert waits[0] < waits[3] < waits[5] <= 15
    assert max(waits) <= 15
    assert backoff_s(3, Random(1)) != backoff_s(3, Random(2))


def test_a_wait_is_never_shorter_than_the_server_asks() -> None:
    assert all(backoff_s(attempt, Random(attempt), 7) > 7 for attempt in range(20))


@pytest.mark.usefixtures("_no_waiting")
async def test_a_request_is_repeated_until_the_server_is_back() -> None:
    with scripted(HANG_UP, (503, {}), (429, {}, {"Retry-After": "0"}), (202, RECEIPT)) as script:
        async with client_of(script, Login("omar", token="t1")) as api:
            assert await api.post("/api/trips/7/gps/", {"id": "a-1"}) == RECEIPT
            assert api.stats.counts["retried"] == 3
    assert [request.body for request in script.requests] == [{"id": "a-1"}] * 4


async def test_a_refusal_is_not_repeated_and_says_why() -> None:
    with scripted((404, {"title": "Not Found", "detail": "No such trip."})) as script:
        async with client_of(script, Login("eve", token="t1")) as api:
            with pytest.raises(Refused, match="404: No such trip"):
                await api.get("/api/trips/7/")
    assert len(script.requests) == 1


async def test_a_login_without_a_token_fetches_one_first() -> None:
    with scripted((200, {"token": "fresh"}), (200, {"id": 7})) as script:
        async with client_of(script, Login(**OMAR)) as api:
            await api.get("/api/trips/7/")
    assert (script.requests[0].path, script.requests[0].body) == ("/api/auth/token/", OMAR)
    assert script.requests[1].token == "fresh"


async def test_a_revoked_token_is_renewed_once_with_the_password() -> None:
    with scripted((401, {}), (200, {"token": "fresh"}), (200, {"id": 7})) as script:
        async with client_of(script, Login(**OMAR, token="old")) as api:
            assert await api.get("/api/trips/7/") == {"id": 7}
    assert [request.token for request in script.requests] == ["old", "", "fresh"]


async def test_a_revoked_token_without_a_password_is_refused() -> None:
    with scripted((401, {"detail": "revoked"})) as script:
        async with client_of(script, Login("omar", token="old")) as api:
            with pytest.raises(Refused, match="401: revoked"):
                await api.get("/api/trips/7/")


@pytest.mark.usefixtures("_no_waiting")
async def test_patience_ends() -> None:
    with scripted((503, {})) as script:
        async with client_of(script, Login("omar", token="t1"), patience_s=0.1) as api:
            with pytest.raises(Unreachable):
                await api.get("/api/trips/7/")
    assert len(script.requests) > 1
