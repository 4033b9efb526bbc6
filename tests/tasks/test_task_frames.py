"""`task` frames: a long job shows on its owner's `/ws/me/`, and on nobody else's."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from websockets.asyncio.client import connect

from tests.cast import Cast
from tests.fixtures_processes import CeleryWorker, WebServer

DAYS = {"first_day": "2026-01-01", "last_day": "2026-12-31"}


@pytest.mark.django_db(transaction=True)
async def test_dina_watches_her_export_and_eve_sees_nothing(
    cast: Cast, web_server: WebServer, celery_worker_process: CeleryWorker
) -> None:
    await sync_to_async(cast.trip_in)("assigned")
    dina, eve = [await sync_to_async(cast.token)(user) for user in (cast.dina, cast.eve)]
    async with me(web_server, dina) as hers, me(web_server, eve) as eves:
        for socket in (hers, eves):
            await until(socket, "snapshot")
        async with httpx.AsyncClient(base_url=web_server.base_url, timeout=15) as http:
            headers = {"Authorization": f"Token {dina}"}
            answer = await http.post("/api/trips/export/", json=DAYS, headers=headers)
            assert answer.status_code == 202
            task_id = answer.json()["task_id"]
            states = []
            while "SUCCESS" not in states:
                frame = await until(hers, "task")
                assert frame["id"] == task_id
                states.append(frame["state"])
            assert (frame["current"], frame["total"]) == (1, 1)
            done = (await http.get(f"/api/tasks/{task_id}/", headers=headers)).json()
            assert done["state"] == "SUCCESS"
            file = await http.get(done["result"]["file"], headers=headers)
            assert "Pia Ek" in file.text
        await eves.send('{"type": "resume"}')
        await until(eves, "snapshot")


def me(server: WebServer, token: str) -> Any:
    return connect(f"{server.ws_url}/ws/me/", subprotocols=["atw.v1", f"token.{token}"])  # type: ignore[list-item]


async def until(socket: Any, kind: str) -> dict[str, Any]:
    """The next frame of this kind; Eve's never is a task's."""
    async for text in socket:
        frame: dict[str, Any] = json.loads(text)
        assert frame["type"] != "task" or kind == "task"
        if frame["type"] == kind:
            return frame
    raise AssertionError(f"closed before {kind}")
