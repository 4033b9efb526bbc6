"""Sockets that are never read cost little, and disturb nobody. `make prove` has it whole."""

from __future__ import annotations

import asyncio

import pytest

from prove.deaf import BURST, cost_of_a_burst, deaf_ones
from tests.cast import Cast
from tests.fixtures_processes import WebServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

DEAF = 20
MOST_COST_BYTES = 50_000_000


def test_twenty_sockets_that_never_read_cost_little_and_disturb_no_one(
    web_server: WebServer, cast: Cast
) -> None:
    port, token = int(web_server.base_url.rpartition(":")[2]), cast.token(cast.dina)
    with deaf_ones(port, token, DEAF) as deaf:
        screen, cost = asyncio.run(cost_of_a_burst(web_server.ws_url, web_server.pid, token))
        assert max(one.unread_bytes for one in deaf) > 0
    assert cost < MOST_COST_BYTES
    assert screen.close_codes == []
    drawn = {position.at for position in screen.positions}
    assert len(drawn) > BURST / 2, "the one that reads was taken for a slow one"
