"""Rates in the admin: entered as forms, refused in words, and read only once they hold."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from billing.models import Rate
from billing.pricing import price_to_issue
from tests.cast import Cast
from users.models import User

pytestmark = pytest.mark.django_db
ADD = "/admin/billing/rate/add/"


@pytest.fixture
def ada(cast: Cast) -> Client:
    User.objects.filter(pk=cast.ada.pk).update(is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(User.objects.get(pk=cast.ada.pk))
    return client


def form(client: Client, **fields: Any) -> dict[str, Any]:
    offered = client.get(ADD).context["adminform"].form
    initial = {name: offered.get_initial_for_field(f, name) for name, f in offered.fields.items()}
    given = {name: value for name, value in initial.items() if value is not None}
    plain = {"mobility": "stretcher", "valid_from": "2027-01-01", "base_cents": 1, "mile_cents": 1}
    return given | {"mile_bands": "[]", "after_hours": "[]"} | plain | fields


def test_ada_enters_a_rate_and_it_says_that_it_was_her(ada: Client, cast: Cast) -> None:
    body = form(ada, mile_bands='[{"from_mile": "10", "cents": 175}]')
    answer = ada.post(ADD, body)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    rate = Rate.objects.get(base_cents=1)
    assert (rate.created_by, rate.card().mile_bands[0].cents) == (cast.ada, 175)
    change = f"/admin/billing/rate/{rate.pk}/change/"
    assert ada.post(change, body | {"base_cents": 2}).status_code == 302
    rate.refresh_from_db()
    assert rate.base_cents == 2


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"mile_bands": '[{"from_mile": "0", "cents": 1}]'}, "mile_bands"),
        ({"mile_bands": ""}, "mile_bands"),
        ({"after_hours": '[{"days": ["SA"]}]'}, "after_hours"),
        ({"after_hours": "tomorrow"}, "after_hours"),
        ({"included_miles": "-1"}, "included_miles"),
        ({"minimum_cents": 2, "maximum_cents": 1}, "__all__"),
        ({"valid_from": "2020-01-01"}, "__all__"),  # begins with the one that is there
        ({"valid_from": "2019-01-01", "valid_to": "2020-01-01"}, "valid_from"),
    ],
)
def test_what_cannot_be_priced_with_is_refused(
    ada: Client, fields: dict[str, Any], field: str
) -> None:
    answer = ada.post(ADD, form(ada, **fields))
    assert answer.status_code == 200
    assert list(answer.context["adminform"].form.errors) == [field]


def test_a_rate_that_priced_an_invoice_before_it_began_is_only_read(
    ada: Client, cast: Cast
) -> None:
    soon = timezone.now() + timedelta(days=3)
    rate = Rate.objects.create(
        mobility="ambulatory", valid_from=soon.date(), base_cents=1, mile_cents=1
    )
    trip = cast.trip_in("completed", scheduled_at=soon)
    assert price_to_issue(trip).rate == rate
    for page in ("change", "delete"):
        answer = ada.post(f"/admin/billing/rate/{rate.pk}/{page}/", {"post": "yes"})
        assert answer.status_code == 403
