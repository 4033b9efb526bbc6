"""What the board's map shows: vehicles are drawn on a canvas, so the page is asked."""

from __future__ import annotations

import time
from collections.abc import Callable

from playwright.sync_api import Page

#: Times are generous: the machine may be busy with other things.
WITHIN_S = 30.0

_VEHICLES = 'document.getElementById("map").vehicles'


def told(page: Page, vehicle_id: int) -> str:
    """What a vehicle's tooltip says; "" where it is not drawn (yet)."""
    return str(
        page.evaluate(
            f"id => {_VEHICLES}?.known.has(id) ? {_VEHICLES}.told(id, Date.now()) : ''", vehicle_id
        )
    )


def hue(page: Page, vehicle_id: int) -> str:
    """The colour name of a vehicle's state."""
    return str(page.evaluate(f"id => {_VEHICLES}?.known.get(id)?.hue ?? ''", vehicle_id))


def spot(page: Page, vehicle_id: int) -> tuple[float, float]:
    """Where a vehicle is drawn now, in pixels of the map; (-1, -1): not in view."""
    found = page.evaluate(
        f"id => {_VEHICLES}?.shown.filter(one => one.id === id).map(({{x, y}}) => [x, y])[0]",
        vehicle_id,
    )
    return (float(found[0]), float(found[1])) if found else (-1.0, -1.0)


def until(page: Page, holds: Callable[[], bool], what: str) -> None:
    """Wait until `holds()`; fails with `what` after half a minute."""
    deadline = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < deadline, what
        page.wait_for_timeout(100)
