"""Row 11: two web processes are replaced one after the other, and nobody notices."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time

from prove.parts import WebAlone
from prove.row import Outcome, Row, scaled
from prove.scene import Company, exactness, scene
from prove.stack import Stack

ROLLS, SCREENS = 5, 50
PAUSE_S, BETWEEN_S = 0.6, 1.0
DRAIN_S = 3
LEAVES_WITHIN_S = 30.0
#: A proxy looks so often whether a process still wants to be sent work.
LOOK_S = 0.1


class Balancer:
    """Sends each new connection to the next process whose `/healthz` is 200."""

    def __init__(self, webs: list[WebAlone]) -> None:
        self._webs = webs
        self._ready = list(webs)
        self._numbers = itertools.count()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def choose(self) -> int:
        """The port for the next connection."""
        ready = self._ready or self._webs
        return ready[next(self._numbers) % len(ready)].port

    def close(self) -> None:
        """Look no more."""
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(LOOK_S):
            self._ready = [web for web in self._webs if web.answers()]


def run(stack: Stack, seed: int, scale: float) -> Outcome:
    """One process is daphne, the other uvicorn; both end as an operator asks them to."""
    stack.start(web=0, workers=("high", "normal", "low"), beat=True)
    env = {"ATW_DRAIN_S": str(DRAIN_S)}
    webs = [stack.web_alone(server, env) for server in ("daphne", "uvicorn")]
    balancer = Balancer(webs)
    try:
        port = stack.proxy(balancer.choose, seed).port
        return asyncio.run(_run(stack, port, webs, seed, scale))
    finally:
        balancer.close()


async def _run(stack: Stack, port: int, webs: list[WebAlone], seed: int, scale: float) -> Outcome:
    out, company, screens = Outcome(), await asyncio.to_thread(Company.found), SCREENS
    url, ws_url = f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}"
    count = scaled(screens, scale, 5)
    async with scene(stack, company, seed, screens=count, url=url, ws_url=ws_url) as made:
        work = [asyncio.create_task(made.tap_on(PAUSE_S)), asyncio.create_task(made.drive())]
        for web in webs * scaled(ROLLS, scale):
            await asyncio.to_thread(_replace, web)
        await asyncio.sleep(BETWEEN_S)
        made.stop.set()
        await asyncio.gather(*work)
        healed = await made.heal()
        closes = [code for screen in made.screens for code in screen.close_codes]
    exactness(out, made, healed=healed)
    statuses = made.answers.statuses
    out.note("requests", statuses.total())
    out.expect("failed requests", sum(n for s, n in statuses.items() if not 200 <= s < 300), 0)
    out.note("sockets closed", len(closes))
    out.expect("of these not with 4012", sum(code != 4012 for code in closes), 0)
    out.control("control: closed at all", len(closes))
    return out


def _replace(web: WebAlone) -> None:
    time.sleep(BETWEEN_S)
    web.terminate()
    web.gone(LEAVES_WITHIN_S)
    web.start()


ROW = Row(
    11,
    fault="rolling restart of two web processes behind the harness's proxy under load x5",
    reach="0 failed requests; all closes 4012; 0/0/0",
    bound_s=160,
    run=run,
    quick=0.2,
)
