"""Writes every mail as HTML, text and pictures, to be looked at. Reads and changes no database."""

import base64
import shutil
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import translation

from billing import samples as money
from users.kinds import KINDS, kind_of
from users.languages import DEFAULT, LANGUAGES
from users.mails import samples
from users.mails.layout import html_of, text_of
from users.mails.letters import Letter, Picture

#: (name, pixels wide, colour scheme) of the pictures of each mail.
VIEWS = tuple((f"{w}-{scheme}", w, scheme) for w in (320, 640) for scheme in ("light", "dark"))


class Command(BaseCommand):
    """`manage.py preview_emails --out DIR [--lang es] [--only reminder]`."""

    help = "Write all mails with invented contents as HTML, text and (with Chromium) PNG."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to, in which language, which ones."""
        parser.add_argument("--out", type=Path, required=True, metavar="DIR")
        parser.add_argument("--lang", default=DEFAULT, choices=[code for code, _ in LANGUAGES])
        parser.add_argument("--only", default="", help="Kinds that begin so.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the files."""
        out: Path = options["out"]
        out.mkdir(parents=True, exist_ok=True)
        pages = dict(_written(out, options["lang"], options["only"]))
        pictures = _photograph(pages)
        said = f"{pictures} pictures" if pictures else "no pictures (no playwright or no Chromium)"
        self.stdout.write(f"{len(pages)} mails in {out}, {said}")


def _written(out: Path, language: str, only: str) -> Iterator[tuple[Path, str]]:
    """(path of the page, its HTML) of each mail that was written."""
    for kind, write in sorted({**samples.letters(), **money.letters()}.items()):
        if not kind.startswith(only):
            continue
        named = next((name for name in KINDS if kind.startswith(name)), "")
        reader = samples.reader(language, optional=kind_of(named).optional)
        with translation.override(language):
            letter = write(reader)
            html, text = html_of(letter, reader), text_of(letter, reader)
        path = out / f"{kind}.html"
        page = _with_pictures(html, letter)
        path.write_text(page)
        path.with_suffix(".txt").write_text(f"Subject: {letter.subject}\n\n{text}")
        yield path, page


def _with_pictures(html: str, letter: Letter) -> str:
    """The page by itself: what travels beside the mail is put into it."""
    for block in letter.blocks:
        if isinstance(block, Picture):
            data = base64.b64encode(block.png).decode()
            html = html.replace(f"cid:{block.name}", f"data:image/png;base64,{data}")
    return html


def _photograph(pages: dict[Path, str]) -> int:
    """Pictures of each page in every view; how many. None without a browser."""
    binary = shutil.which("chromium") or shutil.which("chromium-browser")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return 0
    if binary is None:
        return 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary, args=["--no-sandbox"])
        for name, width, scheme in VIEWS:
            size: Any = {"width": width, "height": 400}
            colours: Any = scheme
            page = browser.new_page(viewport=size, color_scheme=colours, device_scale_factor=2)
            for path, html in pages.items():
                page.set_content(html)
                page.screenshot(path=str(path.with_name(f"{path.stem}-{name}.png")), full_page=True)
        browser.close()
    return len(pages) * len(VIEWS)
