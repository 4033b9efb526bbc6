"""Typst draws a page: PDF/A-3a and PDF/UA-1 where every glyph is there, a plain PDF otherwise."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, Literal

import typst

from billing.documents.content import MOST, MOST_TEXT, InvoicePage, Page
from billing.documents.text import as_data
from config.fonts import fonts

TEMPLATES = Path(__file__).parent.parent / "templates/billing"
#: For archives, and for people who have pages read to them.
STANDARDS: list[Any] = ["a-3a", "ua-1"]
MOST_LOGO_BYTES = 262_144
_LOGO_FORMATS = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpg", b"<svg": "svg", b"<?xml": "svg"}

#: A compiler refuses a second thread while it draws.
_drawing = Lock()


def draw(page: Page, logo: bytes | None = None) -> bytes:
    """The page's PDF; the same page gives the same bytes. It never fails for what is written.

    A logo that is no picture is left out.
    """
    pdf, *_ = _draw(page, logo, "pdf")
    return pdf


def draw_pictures(page: Page, logo: bytes | None = None, ppi: int = 96) -> list[bytes]:
    """The page as PNG pictures, one per sheet."""
    return _draw(page, logo, "png", ppi)


def _draw(
    page: Page, logo: bytes | None, form: Literal["pdf", "png"], ppi: int = 96
) -> list[bytes]:
    template = "invoice.typ" if isinstance(page, InvoicePage) else "statement.typ"
    text = json.dumps(as_data(page, MOST, MOST_TEXT), ensure_ascii=False)
    refusal: Exception | None = None
    for inputs, standards in _attempts(text, logo, form):
        try:
            with _drawing:
                found = _compiler(template).compile(
                    format=form, sys_inputs=inputs, pdf_standards=standards, ppi=ppi
                )
        except typst.TypstError as exc:
            refusal = exc
            continue
        return found if isinstance(found, list) else [found or b""]
    # The page's own words are not logged: Typst quotes them.
    raise RuntimeError(f"{template} of {page.number} cannot be drawn") from refusal


def _attempts(
    text: str, logo: bytes | None, form: str
) -> Iterator[tuple[dict[str, str], list[Any]]]:
    """Ever plainer: archival, without the standards, without the logo."""
    plain = {"page": text}
    for inputs in [plain | _logo(logo), plain] if _logo(logo) else [plain]:
        if form == "pdf":
            yield inputs, STANDARDS
        yield inputs, []


def _logo(content: bytes | None) -> dict[str, str]:
    """The picture as Typst takes it, {} where there is none that it knows."""
    if not content or len(content) > MOST_LOGO_BYTES:
        return {}
    start = content.lstrip()[:8]
    form = next((name for magic, name in _LOGO_FORMATS.items() if start.startswith(magic)), "")
    return {"logo": json.dumps(list(content)), "logo-format": form} if form else {}


@cache
def _compiler(template: str) -> typst.Compiler:
    # Kept alive: what it has read and laid out once is not done again.
    return typst.Compiler(input=TEMPLATES / template, font_paths=fonts())
