"""`dev.py screenshots`: a demo of its own, and the pictures of README and docs taken from it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from devtools.bootstrap import ROOT, SetupError, say

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

IMAGES = ROOT / "docs/images"
READY_S = 300.0
#: Until the fleet is on its way and the first estimates are there.
ALIVE_S = 45.0
PATIENCE_MS = 60_000
SETTLES_MS = 1_500
#: Software draws the streets slowly.
MAP_MS = 6_000
LARGE, PHONE = (1440, 900), (390, 844)
COLOURS = 200
#: Software rendering: any machine draws the map.
CHROMIUM = (
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--hide-scrollbars",
)
LOGIN = re.compile(r"^ +(\w+) +(\w+) / (\S+)$", re.MULTILINE)

Act = Callable[["Page"], object]


class Camera:
    """Signs in as somebody, looks at a page, and keeps what it sees."""

    def __init__(self, browser: Browser, address: str, logins: dict[str, tuple[str, str]]) -> None:
        self._browser, self._address, self._logins = browser, address, logins

    def shoot(
        self,
        name: str,
        role: str,
        path: str,
        act: Act,
        size: tuple[int, int] = LARGE,
        scheme: Literal["light", "dark"] = "light",
    ) -> None:
        """`docs/images/<name>.png` of `path` after `act`."""
        viewport = {"width": size[0], "height": size[1]}
        context = self._browser.new_context(
            base_url=self._address,
            viewport=viewport,  # type: ignore[arg-type]
            color_scheme=scheme,
        )
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        if role != "driver":
            page.goto("/accounts/login/")
            sign_in(page, *self._logins[role])
            page.wait_for_url(lambda url: "login" not in url)
        page.goto(path)
        if role == "driver":
            page.get_by_text("Sign in with a password").click()
            sign_in(page, *self._logins[role])
        act(page)
        page.wait_for_timeout(SETTLES_MS)
        keep(page.screenshot(), IMAGES / f"{name}.png")
        context.close()


def run() -> int:
    """Take all pictures; the exit code."""
    with tempfile.TemporaryDirectory(prefix="atw-") as folder, _demo(Path(folder)) as printed:
        address = _address(printed)
        logins = {role: (name, password) for role, name, password in LOGIN.findall(printed)}
        say(f"the demo runs; pictures in {ALIVE_S:g} s")
        time.sleep(ALIVE_S)
        with _browser() as browser:
            _take_all(Camera(browser, address, logins))
    return 0


def _take_all(camera: Camera) -> None:
    camera.shoot("board", "dispatcher", "/dispatch/", _live_board)
    camera.shoot("board-dark", "dispatcher", "/dispatch/", _live_board, scheme="dark")
    camera.shoot("drawer", "dispatcher", "/dispatch/?view=active", _open_first)
    camera.shoot("candidates", "dispatcher", "/dispatch/?view=unassigned", _candidates)
    camera.shoot("new-trip", "dispatcher", "/dispatch/trips/new/", _map)
    camera.shoot("break", "dispatcher", "/demo/break/", _break)
    camera.shoot("manager", "dispatcher", "/manage/", _nothing)
    camera.shoot("biller", "biller", "/billing/", _nothing)
    camera.shoot("driver", "driver", "/driver/", _todays_trip, PHONE)
    camera.shoot("patient", "patient", "/me/", _follow_ride, PHONE)


# --- what is done before the picture


def sign_in(page: Page, name: str, password: str) -> None:
    """By the form that is open."""
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).last.click()


def _nothing(page: Page) -> None:
    page.wait_for_load_state()


def _map(page: Page) -> None:
    page.locator(".maplibregl-canvas").first.wait_for()
    page.wait_for_timeout(MAP_MS)


def _live_board(page: Page) -> None:
    page.locator('#connection[data-status="live"]').wait_for()
    page.locator("#groups [data-trip]").first.wait_for()
    page.locator("#map canvas").first.wait_for()
    page.wait_for_timeout(MAP_MS)


def _open_first(page: Page) -> None:
    _live_board(page)
    page.locator("#groups [data-trip]").first.click()
    page.locator("#panel").wait_for()


def _candidates(page: Page) -> None:
    _open_first(page)
    page.keyboard.press("a")
    page.locator(".candidate").first.wait_for()


def _break(page: Page) -> None:
    for verb in ("kill-web", "kill-high", "freeze-valkey", "cut-socket"):
        page.locator(f"[data-verb={verb}]").click()
        page.wait_for_timeout(8_000)
    page.get_by_text("not yet").first.wait_for(state="detached")


def _todays_trip(page: Page) -> None:
    page.locator(".trip").first.wait_for()


def _follow_ride(page: Page) -> None:
    page.locator(".rides a").first.click()
    page.locator('a[href^="/track/"]').first.click()
    page.locator("#map canvas").first.wait_for()


# --- around it


@contextmanager
def _demo(folder: Path) -> Iterator[str]:
    """A running demo; what it has printed."""
    folder.chmod(0o711)  # PostgreSQL as nobody must pass through
    output = folder / "demo.out"
    argv = [sys.executable, "dev.py", "demo", "--port", "0", "--data", str(folder / "var")]
    with output.open("wb") as out:
        process = subprocess.Popen(argv, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
    try:
        yield _wait(output, process)
    finally:
        process.terminate()
        process.wait()


def _wait(output: Path, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline and process.poll() is None:
        printed = output.read_text()
        if "Ctrl-C" in printed:
            return printed
        time.sleep(0.3)
    raise SetupError(f"the demo did not start:\n{output.read_text()}")


def _address(printed: str) -> str:
    return printed.partition("ready ")[2].split()[0]


@contextmanager
def _browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    binary = shutil.which("chromium") or shutil.which("chromium-browser")
    if binary is None:
        raise SetupError("no Chromium on PATH (Debian: apt install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary, args=list(CHROMIUM))
        yield browser
        browser.close()


def keep(png: bytes, path: Path) -> None:
    """Write a picture with few colours: a quarter of the bytes, and nobody sees it."""
    from PIL import Image

    with Image.open(BytesIO(png)) as picture:
        few = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(path, optimize=True)
    say(f"{path.relative_to(ROOT)} {path.stat().st_size // 1024} KB")
