"""Trouble: failed deliveries and tasks, messages that did not arrive, doubted positions, queues."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from trips.desk_fleet.client import Answer, ask
from trips.desk_fleet.common import back, dispatch_page, file_of, listing, one, show, told

#: Part of the page: the API's list and its filters, and the columns of its file.
PARTS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "work": (
        "failures",
        ("kind",),
        ("key", "kind", "about", "error", "attempts", "since", "may_retry"),
    ),
    "mails": (
        "undelivered-list",
        ("state", "channel", "kind"),
        ("id", "kind", "channel", "to", "key", "trip_id", "state", "error", "attempts", "at"),
    ),
    "positions": (
        "quarantinedfix-list",
        ("device", "reason"),
        ("id", "device", "trip", "reason", "raw", "received_at"),
    ),
}


@require_safe
@dispatch_page
def trouble(request: HttpRequest) -> HttpResponseBase:
    """`?show=work|mails|positions`, each with its filters; `?csv=1` as a file."""
    part = request.GET.get("show") or "work"
    if part not in PARTS:
        raise Http404
    route, names, header = PARTS[part]
    found = listing(request, route, *names)
    if "csv" in request.GET and not found.errors:
        return file_of(request, route, found, header, f"{part}.csv")
    context = {"part": part, "found": found, "counts": _counts(request)}
    context["system"] = one(request, "system")
    if part == "positions":
        asked = {name: found.asked[name] for name in names if name in found.asked}
        context["sums"] = [] if found.errors else one(request, "quarantinedfix-summary", **asked)
    return show(request, "trouble", context, found.status)


def _counts(request: HttpRequest) -> dict[str, int]:
    return {
        part: one(request, route, page_size=1)["count"] for part, (route, *_more) in PARTS.items()
    }


@require_POST
@dispatch_page
def retry(request: HttpRequest) -> HttpResponseBase:
    """Deliveries and tasks: those that are ticked, or all, or all of the kind that is shown."""
    keys = request.POST.getlist("key")
    answer = ask(request, "POST", "failures-retry", body=_wanted(request, "keys", keys))
    _told_count(request, answer, "retried")
    return back(request, "fleet:trouble")


@require_POST
@dispatch_page
def again(request: HttpRequest) -> HttpResponseBase:
    """Messages: those that are ticked, or all that failed."""
    ids = [one for one in request.POST.getlist("key") if one.isdecimal()]
    answer = ask(request, "POST", "undelivered-again", body=_wanted(request, "ids", ids))
    _told_count(request, answer, "queued")
    return back(request, "fleet:trouble")


def _wanted(request: HttpRequest, name: str, chosen: list[str]) -> dict[str, Any]:
    if request.POST.get("do") != "all":
        return {name: chosen}
    kind = request.POST.get("kind")
    return {"kind": kind} if kind else {"all": True}


def _told_count(request: HttpRequest, answer: Answer, name: str) -> None:
    count = answer.body[name] if answer.ok else 0
    text = ngettext("%(n)s is tried again.", "%(n)s are tried again.", count) % {"n": count}
    told(request, answer, text if count else _("None of them had failed any more."))
