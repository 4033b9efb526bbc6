"""A patient's name, planted, and everything that happens to it: happily, badly, and in a crash."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import redis
from django.utils import timezone

from prove.wire_tap import layers
from tests.cast import DROPOFF, PICKUP, Cast
from trips.models import Patient, Trip
from users.models import Notification, User

NAME, STREET = "Zdravomila Quxenberg", "Quxenberg Lane 99"
#: Part of both, which nothing else has.
WORD = "Quxenberg"
ROAD = ("start", "arrive_pickup", "pick_up", "arrive_dropoff", "complete")


def plant(cast: Cast) -> None:
    """Give Pia another name and home."""
    Patient.objects.filter(pk=cast.patient.pk).update(name=NAME, address=STREET)
    User.objects.filter(pk=cast.pia.pk).update(first_name="Zdravomila", last_name=WORD)
    cast.patient.refresh_from_db()


def book(cast: Cast, http: httpx.Client) -> Trip:
    """Her trip, as Dina books it, with her name in the notes."""
    end = {"address": STREET, "latitude": DROPOFF[0], "longitude": DROPOFF[1]}
    body = {
        "patient_id": cast.patient.pk,
        "pickup": {"address": STREET, "latitude": PICKUP[0], "longitude": PICKUP[1]},
        "dropoff": end,
        "scheduled_at": (timezone.now() + timedelta(minutes=20)).isoformat(),
        "notes": f"ask for {NAME}",
        "mobility": "ambulatory",
    }
    answer = http.post("/api/trips/", json=body, headers=cast.headers(cast.dina))
    answer.raise_for_status()
    return Trip.objects.get(pk=answer.json()["id"])


def ride(cast: Cast, http: httpx.Client, trip: Trip) -> None:
    """Assigned, driven and completed, with positions, through the real doors."""
    for action in ("schedule", "assign", "dispatch"):
        cast.tap(trip, action)
    omar, fix = cast.headers(cast.omar), {"latitude": PICKUP[0], "longitude": PICKUP[1]}
    for action in ROAD:
        tap(http, trip, omar, action).raise_for_status()
        http.post(f"/api/trips/{trip.pk}/gps/", json=fix, headers=omar).raise_for_status()


def tap(http: httpx.Client, trip: Trip, headers: dict[str, str], action: str) -> httpx.Response:
    """One action on her trip."""
    body = {"action": action, "client_event_id": f"planted-{action}"}
    return http.post(f"/api/trips/{trip.pk}/status/", json=body, headers=headers)


def trouble(cast: Cast, http: httpx.Client) -> list[httpx.Response]:
    """What goes wrong with her name in it."""
    dina = cast.headers(cast.dina)
    bad_trip = {"patient_id": 0, "pickup_address": STREET, "notes": [NAME], NAME: 1}
    return [
        http.post("/api/trips/", json=bad_trip, headers=dina),
        http.post(
            "/api/trips/",
            content=f'{{"notes": "{NAME}',
            headers={**dina, "Content-Type": "application/json"},
        ),
        http.get(f"/api/patients/?search={WORD}&page=99", headers=dina),
        http.get(f"/api/nowhere/{WORD}/", headers=dina),
        http.get(f"/nowhere/{WORD}/"),
        http.get(f"/track/{WORD}/"),
        http.get(f"/api/gps/{WORD}/?lat={WORD}"),
        http.post("/api/auth/token/", json={"username": NAME, "password": WORD}),
        http.post(
            "/api/trips/import/",
            content=f"patient,pickup\n{NAME},{STREET}\n".encode(),
            headers={**dina, "Content-Type": "text/csv"},
        ),
        http.post("/accounts/login/", data={"username": NAME, "password": WORD}),
        http.get("/api/trips/", headers={"Authorization": f"Token {WORD}"}),
        http.get("/api/trips/", headers={"X-Request-ID": NAME, "User-Agent": NAME}),
    ]


def mails_are_over() -> bool:
    """Whether none is waiting, and there were some."""
    mails = Notification.objects.filter(channel="email")
    return mails.exists() and not mails.filter(state__in=("queued", "sending")).exists()


def in_files(paths: list[Path]) -> list[str]:
    """Lines of files in which she is named."""
    return [
        f"{path.name}: {line[:300]!r}"
        for path in paths
        for line in path.read_bytes().splitlines()
        if WORD.encode() in line
    ]


def in_subjects(mails: list[EmailMessage]) -> list[str]:
    """Subjects of mails that name her."""
    return [str(mail["Subject"]) for mail in mails if WORD in str(mail["Subject"])]


def in_redis(url: str, databases: int = 16) -> list[str]:
    """Keys of a server that name her, or that hold her name, packed or not."""
    return [
        f"{number}: {key[:100]!r}"
        for number in range(databases)
        for key, raw in _dump(url, number)
        if any(WORD.encode() in one for part in (key, *raw) for one in layers(part))
    ]


def _dump(url: str, number: int) -> Iterator[tuple[bytes, list[bytes]]]:
    with redis.Redis.from_url(url, db=number) as client:
        for key in client.scan_iter():
            yield key, [bytes(part) for part in _value(client, key)]


def _value(client: Any, key: bytes) -> list[bytes]:
    kind = client.type(key)
    if kind == b"string":
        return [client.get(key) or b""]
    if kind == b"list":
        return list(client.lrange(key, 0, -1))
    if kind == b"set":
        return list(client.smembers(key))
    if kind == b"zset":
        return list(client.zrange(key, 0, -1))
    return [part for pair in client.hgetall(key).items() for part in pair]
