"""The driver's app: its pure JavaScript, and that its table of steps is the server's."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.clients.node import node_binary
from trips.driver_app.day import life
from trips.lifecycle import ROAD, Action, Actor, Status, find


def test_the_apps_pure_modules_keep_what_their_own_tests_say() -> None:
    suite = Path(__file__).with_name("driver.test.mjs")
    command = [node_binary(), "--test", str(suite)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stdout


def test_the_next_steps_lead_along_the_drivers_road_to_the_end() -> None:
    table, status, seen = life(), Status.ASSIGNED, [Status.ASSIGNED]
    while status.value in table:
        step = table[status.value]
        status = Status(step["actions"][step["next"]]["to"])
        seen.append(status)
    assert seen == [one for one in ROAD if one is not Status.DISPATCHED]


def test_the_table_offers_what_the_life_cycle_lets_a_driver_do_and_nothing_else() -> None:
    for status, choices in life().items():
        allowed = {a.value for a in Action if find(a, Status(status), Actor.DRIVER)}
        assert set(choices["actions"]) == allowed
