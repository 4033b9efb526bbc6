"""Pictures of mails, drawn by Typst: mail programs show PNG, not SVG, and fetch nothing."""

import json
from functools import cache, lru_cache
from pathlib import Path
from threading import Lock

import typst

from config.fonts import fonts
from trips.models import Company

_TEMPLATES = Path(__file__).parent.parent / "templates/users/mail"
#: Two pixels and more for one: sharp on telephones.
PPI = 200.0
_PNG = b"\x89PNG\r\n\x1a\n"
#: A mail is not the place for a larger logo.
MOST_LOGO_BYTES = 200_000
#: A compiler refuses a second thread while it draws.
_drawing = Lock()


def week_chart(days: list[tuple[str, int, int]], labels: tuple[str, str]) -> bytes:
    """A PNG of a week: (day, completed, others) as stacked bars; `labels` name the two."""
    data = {"days": days, "labels": labels, "most": max([done + rest for _, done, rest in days])}
    return _draw("week.typ", json.dumps(data, ensure_ascii=False))


def _draw(name: str, data: str) -> bytes:
    with _drawing:
        png = _compiler(name).compile(format="png", ppi=PPI, sys_inputs={"data": data})
    if not isinstance(png, bytes):  # several pages
        raise TypeError("Typst drew something else than one picture")
    return png


@cache
def _compiler(name: str) -> typst.Compiler:
    return typst.Compiler(input=_TEMPLATES / name, font_paths=fonts())


def logo_of(company: Company) -> bytes | None:
    """The company's logo as PNG; None where there is none that can be shown."""
    logo = bytes(company.logo or b"")
    return _as_png(logo) if 0 < len(logo) <= MOST_LOGO_BYTES else None


@lru_cache(maxsize=4)
def _as_png(logo: bytes) -> bytes | None:
    if logo.startswith(_PNG):
        return logo
    try:
        return _draw("logo.typ", logo.decode())
    except (UnicodeDecodeError, RuntimeError, TypeError, ValueError):
        return None  # no mail fails for its logo
