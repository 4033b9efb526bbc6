"""Money, days, states and evidence for people."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy, pgettext

from billing.pages import day_text, money_text

register = template.Library()

#: What a state is called, and the hue that carries it.
_STATES: dict[str, tuple[Any, str]] = {
    "issued": (gettext_lazy("issued"), "assigned"),
    "sent": (gettext_lazy("sent"), "driving"),
    "partly_paid": (gettext_lazy("partly paid"), "open"),
    "paid": (gettext_lazy("paid"), "aboard"),
    "overdue": (gettext_lazy("overdue"), "trouble"),
    "void": (gettext_lazy("void"), "idle"),
    "payment": (gettext_lazy("payment"), "aboard"),
    "refund": (gettext_lazy("refund"), "open"),
    "reversal": (gettext_lazy("reversal"), "trouble"),
    "draft": (gettext_lazy("draft"), "open"),
    "ready": (gettext_lazy("ready"), "assigned"),
    "submitted": (gettext_lazy("submitted"), "driving"),
    "accepted": (gettext_lazy("accepted"), "arrived"),
    "partly_rejected": (gettext_lazy("partly rejected"), "waiting"),
    "rejected": (gettext_lazy("rejected"), "trouble"),
    "pending": (gettext_lazy("pending"), "driving"),
    "blocking": (gettext_lazy("blocking"), "trouble"),
    "warning": (gettext_lazy("warning"), "open"),
    "waived": (gettext_lazy("waived"), "idle"),
}

_KINDS: dict[str, Any] = {
    "invoice": gettext_lazy("invoice"),
    "credit_note": gettext_lazy("credit note"),
    "release": gettext_lazy("taken off again"),
    "credit": gettext_lazy("credit note"),
    "trip": gettext_lazy("trip"),
    "copay": gettext_lazy("co-pay"),
    "check": gettext_lazy("check"),
    "cash": gettext_lazy("cash"),
    "card": gettext_lazy("card"),
    "remittance": gettext_lazy("remittance"),
    "provider": gettext_lazy("payment provider"),
    "completed": gettext_lazy("completed"),
    "open": gettext_lazy("open"),
    "cancelled": gettext_lazy("cancelled"),
    "no_shows": gettext_lazy("no-shows"),
    "missed": gettext_lazy("missed"),
    "ambulatory": gettext_lazy("ambulatory"),
    "wheelchair": gettext_lazy("wheelchair"),
    "stretcher": gettext_lazy("stretcher"),
    "bariatric": gettext_lazy("bariatric"),
}


@register.simple_tag
def chip(state: str) -> SafeString:
    """A state as a coloured word."""
    word, hue = _STATES.get(state, (state, "idle"))
    return format_html('<span class="chip" data-hue="{}">{}</span>', hue, word)


@register.filter
def word(name: str) -> str:
    """`partly_paid`, `copay` in the reader's language; what is unknown, without underscores."""
    found = _STATES.get(name, (None, ""))[0] or _KINDS.get(name)
    return str(found or name.replace("_", " "))


@register.filter
def cents(amount_cents: int | None, currency: str) -> str:
    """123456 in USD: `1,234.56`; a dash for nothing."""
    return "–" if amount_cents is None else money_text(amount_cents, currency)


@register.filter
def day(value: date | None) -> str:
    """Nov 20, 2026."""
    return day_text(value) if value else "–"


@register.filter
def moment(value: datetime | str | None) -> str:
    """Nov 20, 2026, 14:05 by the page's clock, the company's; takes ISO 8601 as well."""
    at = parse_datetime(value) if isinstance(value, str) else value
    if at is None:
        return "–"
    form = pgettext("short day with time", "M j, Y, H:i")
    return date_format(timezone.localtime(at), form, use_l10n=False)


@register.filter
def percent(share: float | None) -> str:
    """0.942 as `94.2 %`; a dash for nothing."""
    return "–" if share is None else f"{100 * share:.1f} %"


@register.filter
def plain(number: Decimal) -> str:
    """4.500 as `4.5`."""
    return f"{number.normalize():f}"


@register.filter
def hours(seconds: int | None) -> str:
    """5400 as `1.5 h`."""
    return "–" if seconds is None else f"{seconds / 3600:,.1f} h"


@register.filter
def evidence(found: dict[str, Any]) -> list[tuple[str, str]]:
    """(what, value) of each thing that a line rests on; nested names are put together."""
    return list(_flat(found, ()))


def _flat(found: dict[str, Any], path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for name, value in found.items():
        here = (*path, name.replace("_", " "))
        if isinstance(value, dict):
            yield from _flat(value, here)
        elif value not in (None, "", []):
            yield " · ".join(here), _plain(value)


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    at = parse_datetime(value) if isinstance(value, str) and "T" in value else None
    return moment(at) if at else str(value)
