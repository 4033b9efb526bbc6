"""What a real server sends on each socket is what the exported schemas say, to the field."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple

import httpx
import pytest
from django.conf import settings
from jsonschema import Draft202012Validator, ValidationError

from tests.cast import Cast
from tests.fixtures_processes import CeleryWorker, WebServer
from trips import links
from trips.models import Trip
from trips.protocol import CLIENT
from trips.realtime import messages
from trips.realtime.client import BoardClient
from users.models import User

Frames = dict[str, list[dict[str, Any]]]

pytestmark = pytest.mark.django_db(transaction=True)

#: A heartbeat comes every 10 s.
FRAMES_WITHIN_S = 25.0


class Watched(NamedTuple):
    """Omar's trip and the sockets on it, by address."""

    trip: Trip
    clients: dict[str, BoardClient]
    frames: Frames


def schema(name: str) -> dict[str, Any]:
    """An exported schema, made strict: a field that is not documented is a fault here."""
    found: dict[str, Any] = json.loads(
        (settings.BASE_DIR / f"docs/protocol/schema/{name}.json").read_text()
    )
    for definition in found["$defs"].values():
        definition["additionalProperties"] = False
    return found


def check(name: str, frame: object) -> None:
    Draft202012Validator(schema(name)).validate(frame)


@asynccontextmanager
async def watching(server: WebServer, cast: Cast, trip: Trip) -> AsyncIterator[Watched]:
    """Each address open: Dina's board, Omar's trip and own socket, Pia's link."""
    who: dict[str, tuple[str, User | None]] = {
        "dispatch": ("/ws/dispatch/", cast.dina),
        "trip": (f"/ws/trips/{trip.pk}/", cast.omar),
        "me": ("/ws/me/", cast.omar),
        "me of Dina": ("/ws/me/", cast.dina),
        "track": (f"/ws/track/{links.sign(trip.pk)}/", None),
    }
    frames: Frames = {name: [] for name in who}
    clients = {
        name: BoardClient(
            server.ws_url + path,
            token=cast.token(user) if user else None,
            on_frame=lambda frame, at, name=name: frames[name].append(dict(frame)),  # type: ignore[misc]
        )
        for name, (path, user) in who.items()
    }
    async with AsyncExitStack() as stack:
        for client in clients.values():
            await stack.enter_async_context(client)
        for client in clients.values():
            await client.wait_until(lambda state: state.status == "live")
        yield Watched(trip, clients, frames)


async def until(watched: Watched, name: str, kinds: set[str]) -> None:
    """Wait until the socket `name` has got a frame of each of `kinds`."""
    frames = watched.frames[name]
    try:
        await watched.clients[name].wait_until(
            lambda state: kinds <= {frame["type"] for frame in frames}, FRAMES_WITHIN_S
        )
    except TimeoutError:
        pytest.fail(f"{name} lacks {kinds - {frame['type'] for frame in frames}}")


async def omar_works(watched: Watched, base_url: str, omars: dict[str, str]) -> None:
    """A tap, positions by HTTP and over the socket, an error, a cut line."""
    trip, clients, _ = watched
    async with httpx.AsyncClient(base_url=base_url, headers=omars) as http:
        answer = await http.post(f"/api/trips/{trip.pk}/status/", json={"action": "arrive_pickup"})
        assert answer.status_code == 200
        fix = {"latitude": 57.70, "longitude": 11.97, "speed": 8.0, "heading": 90.0}
        await http.post(f"/api/trips/{trip.pk}/gps/", json=fix)
    for name, kind in {
        "dispatch": "gps.batch",
        "trip": "gps_update",
        "track": "gps_update",
    }.items():
        await until(watched, name, {kind})
    for name in ("trip", "me"):
        bad = {"latitude": 91, "longitude": 0}
        await clients[name].send({"type": "gps", "ref": "a", "fixes": [fix, bad]})
    for client in clients.values():
        await client.send({"type": "subscribe", "trips": None, "colour": "red"})
    for name, client in clients.items():
        await until(watched, name, {"error"})
        client.drop()
        await until(watched, name, {"resumed"})


async def dina_cancels(trip: Trip, base_url: str, dinas: dict[str, str]) -> None:
    """A notice for Omar; and a list for Dina, a job whose progress is shown to her."""
    async with httpx.AsyncClient(base_url=base_url, headers=dinas) as http:
        tap = {"action": "cancel", "reason": "not today"}
        assert (await http.post(f"/api/trips/{trip.pk}/status/", json=tap)).status_code == 200
        days = {"first_day": "2026-01-01", "last_day": "2026-01-02"}
        assert (await http.post("/api/trips/export/", json=days)).status_code == 202


@pytest.fixture
def trip(cast: Cast, celery_worker_process: CeleryWorker) -> Iterator[Trip]:
    """Omar is on his way to Pia; everybody's token exists."""
    for user in (cast.dina, cast.omar):
        cast.token(user)
    yield cast.trip_in("en_route_pickup")
    celery_worker_process.wait_idle()


async def test_every_frame_of_every_socket_is_as_documented(
    cast: Cast, trip: Trip, web_server: WebServer
) -> None:
    common = {"hello", "snapshot", "trip.event", "resumed", "heartbeat", "error"}
    more = {
        "dispatch": common | {"gps.batch"},
        "trip": common | {"gps_update", "ack"},
        "me": common | {"notification", "ack"},
        "me of Dina": {"hello", "snapshot", "task"},
        "track": common | {"gps_update"},
    }
    async with watching(web_server, cast, trip) as watched:
        await omar_works(watched, web_server.base_url, cast.headers(cast.omar))
        await dina_cancels(trip, web_server.base_url, cast.headers(cast.dina))
        for name, kinds in more.items():
            await until(watched, name, kinds)
    for name, frames in watched.frames.items():
        for frame in frames:
            check(name.split()[0], frame)


def test_what_our_clients_send_is_as_documented() -> None:
    check("client", {"type": "resume", "epoch": "e", "since": 7})
    check("client", {"type": "resume"})
    check("client", {"type": "ack", "frames": 64})
    check("client", {"type": "subscribe", "trips": None})
    fix = {"latitude": 57.7, "longitude": 11.9, "recorded_at": 1_750_000_000, "id": "a"}
    check("client", {"type": "gps", "ref": "a", "fixes": [fix]})
    assert len(CLIENT) == 4, "a new frame wants its line here"


@pytest.mark.parametrize(
    ("name", "frame"),
    [
        ("dispatch", {"type": "gps_update"}),
        ("dispatch", {"type": "resumed", "recovered": True}),
        ("dispatch", {"type": "resumed", "recovered": True, "seq": "7"}),
        ("dispatch", {"type": "resumed", "recovered": True, "seq": 7, "extra": 1}),
        ("track", {"type": "notification"}),
        ("client", {"type": "ack"}),
        ("client", {"type": "ack", "frames": 64, "seq": 7}),
        ("client", {"type": "gps", "ref": "a", "fixes": [{"latitude": 57.7}]}),
    ],
)
def test_the_schemas_refuse_what_is_wrong(name: str, frame: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        check(name, frame)


def test_no_frame_is_documented_with_an_unknown_shape() -> None:
    """Each field has a type: `{}` would accept anything."""
    for name in ("dispatch", "trip", "me", "track", "client"):
        for definition in schema(name)["$defs"].values():
            untyped = [key for key, value in definition["properties"].items() if not value]
            assert not untyped, f"{definition['title']} {untyped}"


def test_the_protocol_has_one_name() -> None:
    assert messages.PROTOCOL == "atw.v1"
