"""Every client that we ship shows what the protocol's test vectors say."""

from __future__ import annotations

import copy
import json
import subprocess
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.clients.node import node_binary
from trips.realtime import client_state as client

Json = dict[str, Any]
ROOT = Path(__file__).parents[2]
VECTORS = {path.stem: path for path in sorted((ROOT / "docs/protocol/vectors").glob("*.json"))}
RUNNER = Path(__file__).with_name("run_vectors.mjs")
ATTEMPTS = (0, 1, 2, 9)


def load(name: str) -> Json:
    return dict(json.loads(VECTORS[name].read_text()))


def play_in_python(vector: Json) -> Json:
    vector = copy.deepcopy(vector)
    state = client.State()
    sent = [step(state, item, second).send for second, item in enumerate(vector["steps"])]
    return {"sent": sent, "shown": shown(state, vector["steps"][-1].get("code"))}


def step(state: client.State, item: Json, now: float) -> client.Effects:
    match item["in"]:
        case "connect":
            return client.opened(state, now)
        case "disconnect":
            return client.closed(state, item.get("code"), now)
        case "tick":
            return client.ticked(state)
        case frame:
            return client.received(state, frame, now)


def shown(state: client.State, code: int | None) -> Json:
    return {
        "status": state.status,
        "offline_since": state.offline_since,
        "stopped": state.stopped,
        "stream": state.stream,
        "epoch": state.epoch,
        "seq": state.seq,
        "unread": state.unread,
        "notifications": [notice["id"] for notice in state.notifications],
        "error": state.error and state.error["code"],
        "counters": asdict(state.counters),
        "trips": {str(key): trip for key, trip in state.trips.items()},
        "vehicles": {str(key): vehicle for key, vehicle in state.vehicles.items()},
        "delays": [[delay_ms(code, n, random) for random in (0, 0.999)] for n in ATTEMPTS],
    }


def delay_ms(code: int | None, attempt: int, random: float) -> float | None:
    delay_s = client.reconnect_delay_s(code, attempt, random)
    return None if delay_s is None else delay_s * 1000


@cache
def played_in_javascript() -> dict[str, Json]:
    """Play all vectors in one run of Node."""
    lines = [json.dumps(load(name)) for name in VECTORS]
    run = subprocess.run(
        [node_binary(), str(RUNNER)],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return dict(zip(VECTORS, map(json.loads, run.stdout.splitlines()), strict=True))


@pytest.mark.parametrize("name", VECTORS)
def test_the_python_client_shows_what_the_vector_says(name: str) -> None:
    check(load(name), play_in_python(load(name)))


@pytest.mark.parametrize("name", VECTORS)
def test_the_javascript_client_shows_what_the_vector_says(name: str) -> None:
    check(load(name), played_in_javascript()[name])


@pytest.mark.parametrize("name", VECTORS)
def test_both_clients_wait_equally_long_before_they_come_back(name: str) -> None:
    ours = play_in_python(load(name))["shown"]["delays"]
    theirs = played_in_javascript()[name]["shown"]["delays"]
    assert [pytest.approx(pair) for pair in ours] == theirs


def test_each_vector_has_the_name_of_its_file_and_a_reason() -> None:
    assert len(VECTORS) >= 30
    for name in VECTORS:
        vector = load(name)
        assert vector["name"] == name
        assert vector["why"].endswith(".")
        assert vector["expect"]


def check(vector: Json, played: Json) -> None:
    assert played["sent"] == [item.get("expect_sent", []) for item in vector["steps"]]
    for key, expected in vector["expect"].items():
        if key == "reconnect":
            assert reconnect(played["shown"]["delays"]) == expected
        else:
            check_one(key, expected, played["shown"][key])


def check_one(key: str, expected: Any, actual: Any) -> None:
    if key in ("trips", "vehicles"):
        assert actual.keys() == expected.keys()
        for item in expected:
            assert expected[item].items() <= actual[item].items()
    elif key == "counters":
        assert expected.items() <= actual.items()
    else:
        assert actual == expected


def reconnect(delays: list[list[float | None]]) -> str:
    """Name the policy that the first attempt's shortest and longest delay (ms) show."""
    shortest, longest = delays[0]
    if shortest is None or longest is None:
        return "never"
    return "at once" if shortest == 0 else "back off"
