"""States, papers, seats and times of the fleet's pages, for people."""

from datetime import date, datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, ngettext_lazy, pgettext, pgettext_lazy

register = template.Library()

#: What a state is called, and the hue that carries it.
_STATES: dict[str, tuple[Any, str]] = {
    "in_service": (_("in service"), "aboard"),
    "out_of_service": (_("out of service"), "trouble"),
    "planned": (_("planned"), "assigned"),
    "on_duty": (_("on duty"), "aboard"),
    "on_break": (_("on a break"), "open"),
    "off_duty": (_("off duty"), "idle"),
    "ended": (_("ended"), "done"),
    "disabled": (_("account closed"), "trouble"),
    "open": (pgettext_lazy("alarm", "open"), "trouble"),
    "acknowledged": (_("seen to"), "open"),
    "resolved": (_("over"), "done"),
    "failed": (_("failed"), "trouble"),
    "unknown": (_("fate unknown"), "open"),
    "requested": (_("requested"), "open"),
    "scheduled": (_("scheduled"), "open"),
    "will_call": (_("will-call"), "open"),
    "assigned": (_("assigned"), "assigned"),
    "dispatched": (_("dispatched"), "assigned"),
    "en_route_pickup": (_("on the way to the pick-up"), "driving"),
    "arrived_pickup": (_("at the pick-up"), "waiting"),
    "in_progress": (_("aboard"), "aboard"),
    "arrived_dropoff": (_("at the drop-off"), "arrived"),
    "completed": (_("completed"), "done"),
    "cancelled": (_("cancelled"), "idle"),
    "no_show": (_("no-show"), "trouble"),
    "rejected": (_("rejected"), "idle"),
    "missed": (_("missed"), "trouble"),
}
_WORDS: dict[str, Any] = {
    "licence": _("driving licence"),
    "medical": _("medical certificate"),
    "inspection": _("inspection"),
    "lift_inspection": _("lift inspection"),
    "insurance": _("insurance"),
    "amb": _("seats"),
    "wc": _("wheelchairs"),
    "bwc": _("wide wheelchairs"),
    "str": _("stretchers"),
    "bstr": _("wide stretchers"),
    "sos": _("call for help"),
    "panic": _("panic button"),
    "accident": _("accident"),
    "fallDown": _("fall"),
    "vehicle_out_of_service": _("vehicle out of service"),
    "will_call_late": _("will-call is late"),
    "email": _("mail"),
    "sms": _("SMS"),
    "push": _("push"),
    "outbox": _("deliveries"),
    "mail": _("mails"),
    "tasks": _("tasks"),
    "pending": _("pending"),
    "dead": _("given up"),
    "queued": _("queued"),
    "claimed": _("being sent"),
    "skipped": _("not sent on purpose"),
    "drivers": _("all drivers"),
    "on_shift": _("drivers on duty"),
    "dispatch": _("dispatch"),
}
_SEATS: dict[str, Any] = {
    "amb": ngettext_lazy("%(n)s seat", "%(n)s seats", "n"),
    "wc": ngettext_lazy("%(n)s wheelchair", "%(n)s wheelchairs", "n"),
    "bwc": ngettext_lazy("%(n)s wide wheelchair", "%(n)s wide wheelchairs", "n"),
    "str": ngettext_lazy("%(n)s stretcher", "%(n)s stretchers", "n"),
    "bstr": ngettext_lazy("%(n)s wide stretcher", "%(n)s wide stretchers", "n"),
}
#: Papers that run out within so many days are shown as urgent.
SOON_DAYS = 14
AHEAD_DAYS = 30


@register.simple_tag
def chip(state: str) -> SafeString:
    """A state as a coloured word."""
    said, hue = _STATES.get(state, (state, "idle"))
    return format_html('<span class="chip" data-hue="{}">{}</span>', hue, said)


@register.filter
def word(name: object) -> str:
    """`lift_inspection` in the reader's language; what is unknown, without underscores."""
    text = str(name)
    found = _WORDS.get(text) or _STATES.get(text, (None,))[0]
    return str(found or text.replace("_", " "))


@register.filter
def moment(iso: str | None) -> str:
    """Nov 20, 14:05 by the page's clock, the company's; a dash for nothing."""
    at = _local(iso)
    form = pgettext("short day with time, no year", "M j, H:i")
    return date_format(at, form, use_l10n=False) if at else "–"


@register.filter
def clock(iso: str | None) -> str:
    """14:05 by the company's clock."""
    at = _local(iso)
    return f"{at:%H:%M}" if at else "–"


@register.filter
def span(row: dict[str, Any]) -> str:
    """`22:00 – 06:00` of a shift or a break; `since 22:00` while it lasts."""
    begin = clock(row["starts_at"])
    if row["ends_at"] is None:
        return str(_("since %(at)s") % {"at": begin})
    return f"{begin} – {clock(row['ends_at'])}"


@register.filter
def day(value: date | str | None) -> str:
    """Nov 20, 2026."""
    at = parse_date(value) if isinstance(value, str) else value
    form = pgettext("short day with year", "M j, Y")
    return date_format(at, form, use_l10n=False) if at else "–"


@register.filter
def weekday(value: date) -> str:
    """Fri, Nov 20."""
    return date_format(value, pgettext("weekday and short day", "D, M j"), use_l10n=False)


@register.filter
def ago(iso: str | None) -> str:
    """`4 minutes`: how long since; a dash for nothing."""
    at = _local(iso)
    return timesince(at, depth=1) if at else "–"


@register.filter
def field_time(iso: str | None) -> str:
    """The value of a `datetime-local` field by the company's clock."""
    at = _local(iso)
    return f"{at:%Y-%m-%dT%H:%M}" if at else ""


@register.filter
def seats(capacities: list[dict[str, int]]) -> list[str]:
    """`4 seats, 1 wheelchair` for each way to arrange them."""
    ways = [
        ", ".join(str(text % {"n": way[name]}) for name, text in _SEATS.items() if way.get(name))
        for way in capacities
    ]
    return [way for way in ways if way]


@register.simple_tag
def paper(until: str | None, today: date) -> SafeString:
    """The day until which a paper is good, coloured by how near that is."""
    ends = parse_date(until) if until else None
    if ends is None:
        return format_html('<span class="muted">{}</span>', "–")
    left = (ends - today).days
    if left > AHEAD_DAYS:
        return format_html('<span class="keep">{}</span>', day(ends))
    hue = "trouble" if left < 0 else "waiting" if left <= SOON_DAYS else "open"
    return format_html(
        '<span class="keep">{}</span> <span class="chip" data-hue="{}">{}</span>',
        day(ends), hue, days_left(left),
    )  # fmt: skip


@register.filter
def days_left(left: int) -> str:
    """`in 3 days`, `today`, `2 days ago`."""
    if left == 0:
        return str(_("today"))
    if left > 0:
        return ngettext("in %(n)s day", "in %(n)s days", left) % {"n": left}
    return ngettext("%(n)s day ago", "%(n)s days ago", -left) % {"n": -left}


@register.filter
def get(found: Any, name: str) -> Any:
    """The value under a name that is not known before."""
    return found.get(name, "") if isinstance(found, dict) else ""


def _local(iso: str | datetime | None) -> datetime | None:
    at = parse_datetime(iso) if isinstance(iso, str) else iso
    return timezone.localtime(at) if at else None
