"""Messages: threads with drivers, and announcements to all of them."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from trips.desk_fleet.client import ask
from trips.desk_fleet.common import dispatch_page, fresh_key, given, one, show, told

#: Threads and messages that the page shows; the API has the rest.
THREADS, MESSAGES = 200, 50
#: A thread of everybody: what was said to many.
ALL = ("drivers", "on_shift")


@require_safe
@dispatch_page
def messages(request: HttpRequest) -> HttpResponseBase:
    """`?with=<driver>` a thread, `?with=drivers` what is said to all; without it the list."""
    chosen = request.GET.get("with", "")
    context: dict[str, Any] = {"chosen": chosen, "key": fresh_key(), "errors": {}}
    status = 200
    if chosen.isdecimal() and len(chosen) <= 18:
        context["driver"] = one(request, "driver-detail", int(chosen))
    elif chosen and chosen not in ALL:
        raise Http404
    threads = one(request, "message-threads", page_size=THREADS)["results"]
    context["threads"] = threads
    context["found"] = _found(request, chosen) if chosen else []
    return show(request, "messages", context, status)


def _found(request: HttpRequest, chosen: str) -> list[Any]:
    """The newest messages of a thread, the oldest of them first."""
    query = {"page_size": MESSAGES} | (
        {"with": chosen} if chosen.isdecimal() else {"to": ",".join(ALL)}
    )
    return list(reversed(one(request, "message-list", **query)["results"]))


@require_POST
@dispatch_page
def send(request: HttpRequest) -> HttpResponseBase:
    """Say something to a driver, to all, or to those on duty; once."""
    fields: dict[str, Any] = given(request, "body", "client_message_id")
    to = request.POST.get("to", "")
    fields["to"] = int(to) if to.isdecimal() and len(to) <= 18 else to
    told(request, ask(request, "POST", "message-list", body=fields), _("Sent."))
    shown = to if to.isdecimal() else "drivers"
    return redirect(f"{reverse('fleet:messages')}?with={shown}")
