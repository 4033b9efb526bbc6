"""Row 18: pages that are none of ours ask for sockets with a browser's cookie."""

from __future__ import annotations

from django.conf import settings
from django.test import Client

from prove import handshakes
from prove.handshakes import EVIL, OPENED, opened_by, shake, with_token
from prove.row import Outcome, Row
from prove.stack import Stack
from tests.cast import Cast, open_company

NOBODY = "4401"


def run(stack: Stack, seed: int, scale: float) -> Outcome:
    """On both servers: whatever they claim, it is refused; programs need no page."""
    cast, out = open_company(), Outcome()
    stack.start(web=1)
    out.add("daphne", _try(stack.port, stack.url, cast))
    alone = stack.web_alone("uvicorn", {})
    # The page's address is that of the company, whichever process answers.
    out.add("uvicorn", _try(alone.port, stack.url, cast))
    return out


def _try(port: int, page: str, cast: Cast) -> Outcome:
    out, ours = Outcome(), page.encode()
    cookie = b"Cookie: " + _cookie(cast).encode()
    token, origin = with_token(cast.token(cast.dina)), b"Origin: " + ours
    foreign, smuggled = handshakes.foreign_origins(ours), handshakes.smuggled_origins(ours)
    out.note("origins tried", len(foreign) + len(smuggled))
    out.expect("our page, with a cookie", shake(port, cookie, origin), OPENED)
    out.faults("foreign origins that opened a cookie's socket", opened_by(port, cookie, foreign))
    out.faults("smuggled ones", opened_by(port, cookie, smuggled))
    hidden = handshakes.hidden_requests()
    twice = [repr(one) for one in hidden if handshakes.is_answered_twice(port, one)]
    out.faults("hidden requests that were answered", twice)
    out.expect("a token without an Origin", shake(port, token), OPENED)
    out.expect("a token on a foreign page", shake(port, token, b"Origin: " + EVIL), NOBODY)
    out.expect("an unknown token", shake(port, token + b"x"), NOBODY)
    return out


def _cookie(cast: Cast) -> str:
    browser, name = Client(), settings.SESSION_COOKIE_NAME
    browser.force_login(cast.dina)
    return f"{name}={browser.cookies[name].value}"


ROW = Row(
    18,
    fault="forged, foreign, http Origins on cookie sockets; smuggled header bytes",
    reach="all refused; token sockets without Origin work",
    bound_s=30,
    run=run,
    quick=1.0,
)
