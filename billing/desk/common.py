"""What the pages share: who may see them, what was asked for, pages of rows, refusals."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from rest_framework import exceptions, serializers

from billing.allocations import PaymentRefused
from billing.claims import NoSuchClaim, NothingToClaim, WrongState
from billing.findings import NotWaivable
from billing.invoices import NotBillable, NotVoidable
from billing.mail import NotMailable
from trips.models import Company, TaskRun
from trips.taps import ReusedClientEventId
from trips.task_runs import TooMany
from users.models import User
from users.roles import Permission

View = Callable[..., HttpResponse]
ROWS = 50
_REFUSALS = (
    PaymentRefused,
    WrongState,
    NotWaivable,
    NotBillable,
    NotVoidable,
    NotMailable,
)


def only_for(permission: Permission) -> Callable[[View], View]:
    """Login, and 403 with a page for who does not hold `permission`; kept by no cache.

    The page's clock is the company's.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not user_of(request).may(permission):
                raise PermissionDenied
            with timezone.override(ZoneInfo(Company.get().time_zone)):
                return view(request, *args, **kwargs)

        return never_cache(login_required(guarded))

    return guard


billers_only = only_for(Permission.SEE_INVOICES)


def user_of(request: HttpRequest) -> User:
    """Who asks, behind `login_required`."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def asked(request: HttpRequest) -> QueryDict:
    """The query without the fields of a filter that were left empty, and without the page."""
    found = request.GET.copy()
    for name in list(found):
        if name == "page" or not any(found.getlist(name)):
            del found[name]
        else:
            found.setlist(name, [value for value in found.getlist(name) if value])
    return found


def page_of(request: HttpRequest, rows: "QuerySet[Any] | list[Any]") -> "Page[Any]":
    """The page that was asked for, or the nearest."""
    return Paginator(rows, ROWS).get_page(request.GET.get("page"))


@contextmanager
def told(request: HttpRequest) -> Iterator[None]:
    """What a service refuses stands on the next page, in its own words."""
    try:
        yield
    except _REFUSALS as exc:
        messages.error(request, str(exc))
    except NothingToClaim:
        messages.error(request, _("No trip of these days is free to be claimed."))
    except NoSuchClaim:
        messages.error(request, _("The batch has no such claim."))
    except TooMany:
        messages.error(request, _("Too many tasks are under way."))
    except ReusedClientEventId:
        messages.error(request, _("This form was sent before with other values."))
    except exceptions.APIException as exc:
        messages.error(request, " ".join(texts_of(exc.detail)))


def texts_of(detail: Any) -> list[str]:
    """The sentences of a validation error, without the fields they belong to."""
    if isinstance(detail, dict):
        return [text for part in detail.values() for text in texts_of(part)]
    if isinstance(detail, list):
        return [text for part in detail for text in texts_of(part)]
    return [str(detail)]


def read(serializer: type[serializers.Serializer[Any]], data: Any) -> dict[str, Any]:
    """A form, read as the API reads the same request; empty fields count as not given."""
    given = {name: value for name, value in data.items() if value and name != CSRF}
    parsed = serializer(data=given)
    parsed.is_valid(raise_exception=True)
    fields: dict[str, Any] = parsed.validated_data
    return fields


CSRF = "csrfmiddlewaretoken"


def job_of(request: HttpRequest) -> TaskRun | None:
    """The reader's own job that `?task=` names."""
    try:
        wanted = UUID(request.GET.get("task", ""))
    except ValueError:
        return None
    return TaskRun.objects.defer("content").filter(owner=user_of(request), pk=wanted).first()
