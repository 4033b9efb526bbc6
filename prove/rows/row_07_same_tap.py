"""Row 7: every tap arrives five times at once, and a third of the answers is cut off."""

from __future__ import annotations

import asyncio
import itertools
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx

from prove.row import Outcome, Row, scaled
from prove.stack import Stack
from tests.cast import open_company
from trips.models import Patient, TripEvent

TAPS, TRIPS, COPIES = 2_000, 50, 5
CUT = 0.3
TRIPS_AT_ONCE = 8
TIMEOUT_S = 30.0
Headers = dict[str, str]


@dataclass
class Heard:
    """What the phones heard: taps whose answers differed, and answers that were no 2xx."""

    differing: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    unanswered: int = 0


def run(stack: Stack, seed: int, scale: float) -> Outcome:
    """Dina schedules trips and takes it back; her phone sends each tap until it hears an answer."""
    stack.start(web=2, workers=("high",))
    cast = open_company()
    quiet = Patient.objects.create(name="Quinn Ek")
    headers = cast.headers(cast.dina)
    taps = scaled(TAPS, scale, TRIPS)
    trips = [cast.book(patient=quiet).pk for _ in range(TRIPS)]
    before = TripEvent.objects.count()
    proxy = stack.proxy(stack.port, seed)
    proxy.cut_answers = CUT
    heard = asyncio.run(_tap_all(f"http://127.0.0.1:{proxy.port}", headers, trips, taps // TRIPS))
    out = Outcome()
    out.expect("events", TripEvent.objects.count() - before, taps // TRIPS * TRIPS)
    out.faults("taps whose answers differ", heard.differing)
    out.faults("answers that were no 200", heard.strange)
    out.control("answers that were cut off", proxy.answers_cut)
    out.note("taps of which no copy was answered, sent again", heard.unanswered)
    changed = asyncio.run(_changed_bodies(stack.url, headers, trips))
    out.expect("changed bodies that got a 422", changed, len(trips))
    return out


async def _tap_all(url: str, headers: Headers, trips: list[int], rounds: int) -> Heard:
    heard, turn = Heard(), asyncio.Semaphore(TRIPS_AT_ONCE)
    async with _client(url, headers) as http:

        async def one_trip(trip_id: int) -> None:
            async with turn:
                for n in range(rounds):
                    await _tap(http, trip_id, _body(trip_id, n), heard)

        await asyncio.gather(*map(one_trip, trips))
    return heard


def _client(url: str, headers: Headers) -> httpx.AsyncClient:
    # A line of its own for each copy, so that each may be cut.
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    return httpx.AsyncClient(base_url=url, headers=headers, timeout=TIMEOUT_S, limits=limits)


def _body(trip_id: int, n: int) -> dict[str, Any]:
    action = ("schedule", "undo")[n % 2]
    why = {"reason": "not yet"} if action == "undo" else {}
    return {"action": action, "client_event_id": f"{trip_id}-{n}", **why}


async def _tap(http: httpx.AsyncClient, trip_id: int, body: dict[str, Any], heard: Heard) -> None:
    for _ in itertools.count():
        copies = (_post(http, trip_id, body) for _ in range(COPIES))
        answers = [answer for answer in await asyncio.gather(*copies) if answer is not None]
        good = [answer for answer in answers if answer.status_code == 200]
        # 503 is an honest "again"; everything else would be an answer to something else.
        heard.strange += [
            f"{answer.status_code} {answer.text[:80]}"
            for answer in answers
            if answer.status_code not in (200, 503)
        ]
        # PostgreSQL's jsonb forgets the order of keys, which says nothing.
        if any(answer.json() != good[0].json() for answer in good):
            heard.differing.append(f"{body}: {[answer.text for answer in good]}"[:2_000])
        if good or heard.strange:
            return
        heard.unanswered += 1


async def _post(http: httpx.AsyncClient, trip_id: int, body: Any) -> httpx.Response | None:
    try:
        return await http.post(f"/api/trips/{trip_id}/status/", json=body)
    except httpx.TransportError:
        return None


async def _changed_bodies(url: str, headers: Headers, trips: list[int]) -> int:
    """How many are refused that come under a known id with another body."""
    async with _client(url, headers) as http:
        asked = (_post(http, trip, _body(trip, 0) | {"reason": uuid.uuid4().hex}) for trip in trips)
        answers = await asyncio.gather(*asked)
    return sum(answer is not None and answer.status_code == 422 for answer in answers)


ROW = Row(
    7,
    fault="2,000 taps each sent 5x at once, answers cut on 30 %",
    reach="2,000 events; same answers; changed body 422",
    bound_s=150,
    run=run,
    quick=0.05,
)
