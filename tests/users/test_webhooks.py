"""Facilities' systems hear of their trips: signed, once a number, retried, and nobody else's."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from tests.api.conftest import As, as_user
from tests.api.problems import the_problem
from tests.cast import Cast
from tests.held_broker import HeldBroker
from tests.users.http_receiver import Receiver
from tests.users.mail_servers import free_port
from trips.models import Facility, TripEvent
from users import outbound, webhooks
from users.models import WebhookDelivery, WebhookEndpoint
from users.notifications import notify_trip_event
from users.signatures import is_valid

__all__ = ["as_user"]
pytestmark = pytest.mark.django_db

URL = "/api/webhook-endpoints/"


@pytest.fixture
def endpoint(cast: Cast, receiver: Receiver, settings: Settings) -> WebhookEndpoint:
    """The clinic's own system, on this machine."""
    settings.WEBHOOKS_PRIVATE = True
    return WebhookEndpoint.objects.create(facility=cast.facility, url=f"{receiver.url}/atw?k=1")


def happen(cast: Cast, **fields: Any) -> TripEvent:
    """A trip of the clinic is scheduled, and its handler runs twice."""
    trip = cast.trip_in("scheduled", **{"facility": cast.facility} | fields)
    event = TripEvent.objects.get(trip=trip, event="trip.scheduled")
    for _ in range(2):
        notify_trip_event(event.pk)
    return event


def attempt(delivery: WebhookDelivery) -> WebhookDelivery:
    webhooks.deliver(delivery.pk, delivery.attempts)
    delivery.refresh_from_db()
    return delivery


def test_an_event_is_posted_once_signed_and_without_a_name(
    cast: Cast, endpoint: WebhookEndpoint, receiver: Receiver
) -> None:
    event = happen(cast, external_id="their-7")
    delivery = WebhookDelivery.objects.get()
    assert attempt(delivery).state == "delivered"
    assert webhooks.deliver(delivery.pk, 0) == "nothing to do"
    [(path, headers, body)] = receiver.taken
    assert path == "/atw?k=1"
    assert headers["ATW-Delivery"] == str(delivery.pk)
    assert is_valid(headers["ATW-Signature"], endpoint.secret, body, time.time())
    told = json.loads(body)
    assert told["trip_id"] == event.trip_id
    assert told["external_id"] == "their-7"
    assert (told["type"], told["status"]) == ("trip.scheduled", "scheduled")
    assert set(told) == {
        "event_id", "type", "trip_id", "external_id", "version", "status", "occurred_at",
        "recorded_at",
    }  # fmt: skip
    assert delivery.response_code == 204


def test_the_whole_way_over_the_queue_posts_each_event_once(
    cast: Cast, endpoint: WebhookEndpoint, receiver: Receiver, held_broker: HeldBroker
) -> None:
    happen(cast)
    webhooks.sweep()
    WebhookDelivery.objects.update(due_at=timezone.now())
    assert webhooks.sweep() == 1
    assert webhooks.sweep() == 0
    [(_, args)] = held_broker.take("deliver_webhook")
    for _ in range(3):
        webhooks.deliver(*args)
    assert len(receiver.taken) == 1


def test_another_facilitys_trip_and_a_topic_not_asked_for_are_not_told(
    cast: Cast, endpoint: WebhookEndpoint
) -> None:
    other = Facility.objects.create(name="Elsewhere")
    happen(cast, facility=other)
    happen(cast, facility=None)
    endpoint.topics = ["trip.completed"]
    endpoint.save()
    happen(cast)
    assert not WebhookDelivery.objects.exists()


@pytest.mark.parametrize("status", [301, 302, 400, 500])
def test_what_is_not_taken_is_tried_again_with_longer_pauses_and_given_up_visibly(
    cast: Cast, endpoint: WebhookEndpoint, receiver: Receiver, status: int
) -> None:
    receiver.status, receiver.location = status, f"{receiver.url}/elsewhere"
    happen(cast)
    delivery, pauses = WebhookDelivery.objects.get(), []
    for _ in range(webhooks.MOST_ATTEMPTS):
        before = timezone.now()
        attempt(delivery)
        pauses.append(round((delivery.due_at - before).total_seconds()))
    assert pauses[:4] == [30, 120, 480, 1920]
    assert max(pauses) == 6 * 3600
    assert (delivery.state, delivery.response_code) == ("failed", status)
    assert {path for path, _, _ in receiver.taken} == {"/atw?k=1"}  # no redirect is followed
    assert len(receiver.taken) == webhooks.MOST_ATTEMPTS
    endpoint.refresh_from_db()
    assert endpoint.failures == 1
    receiver.status = 200
    assert webhooks.deliver_again([delivery.pk]) == 1
    delivery.refresh_from_db()
    assert attempt(delivery).state == "delivered"
    endpoint.refresh_from_db()
    assert endpoint.failures == 0


def test_an_endpoint_that_fails_again_and_again_is_switched_off(
    cast: Cast, endpoint: WebhookEndpoint, settings: Settings
) -> None:
    WebhookEndpoint.objects.update(
        url=f"http://127.0.0.1:{free_port()}/", failures=webhooks.MOST_FAILURES - 1
    )
    happen(cast)
    delivery = WebhookDelivery.objects.get()
    WebhookDelivery.objects.update(attempts=webhooks.MOST_ATTEMPTS - 1)
    delivery.refresh_from_db()
    assert attempt(delivery).error == "ConnectionRefusedError"
    endpoint.refresh_from_db()
    assert not endpoint.is_active
    assert endpoint.disabled_at is not None
    happen(cast)
    assert WebhookDelivery.objects.count() == 1


def test_a_worker_that_dies_while_posting_costs_a_minute_and_an_attempt(
    cast: Cast, endpoint: WebhookEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    happen(cast)
    delivery = WebhookDelivery.objects.get()

    def die(*args: object, **more: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(outbound, "post", die)
        with pytest.raises(KeyboardInterrupt):
            webhooks.deliver(delivery.pk, 0)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("queued", 1)
    assert delivery.due_at > timezone.now() + timedelta(seconds=30)
    assert attempt(delivery).state == "delivered"


# --- no private network


FORBIDDEN = (
    "http://example.org/",
    "https://127.0.0.1/",
    "https://localhost/",
    "https://10.1.2.3/",
    "https://192.168.1.1:8443/x",
    "https://169.254.169.254/latest/meta-data/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[fe80::1]/",
    "https://[2002:7f00:1::]/",
    "https://0.0.0.0/",
    "https://100.64.0.1/",
    "https://224.0.0.1/",
    "https://user:secret@93.184.216.34/",
    "https://93.184.216.34/#x",
    "https://93.184.216.34:0/",
    "https://93.184.216.34:99999/",
    "https:///x",
    "https://exa mple.org/",
    "ftp://93.184.216.34/",
    "file:///etc/passwd",
    "https://93.184.216.34/\r\nX: 1",
    "https://bücher.example/",
)


def test_no_address_but_a_public_https_one(cast: Cast, as_user: As) -> None:
    hugo = as_user(cast.hugo)
    for url in FORBIDDEN:
        the_problem(hugo.post(URL, {"facility": cast.facility.pk, "url": url}), 400)
        with pytest.raises((outbound.Forbidden, outbound.Unreachable)):
            outbound.post(url, b"{}", {})


def test_a_name_that_points_inside_is_not_called_though_it_was_fine_before(
    cast: Cast, receiver: Receiver, endpoint: WebhookEndpoint, settings: Settings
) -> None:
    happen(cast)
    settings.WEBHOOKS_PRIVATE = False
    delivery = attempt(WebhookDelivery.objects.get())
    assert (delivery.state, delivery.error) == ("queued", "address not allowed")
    assert receiver.taken == []


# --- the API


def test_hugo_makes_one_sees_its_key_once_and_what_was_told(
    cast: Cast, as_user: As, receiver: Receiver, settings: Settings
) -> None:
    settings.WEBHOOKS_PRIVATE = True
    hugo = as_user(cast.hugo)
    made = hugo.post(URL, {"facility": cast.facility.pk, "url": receiver.url})
    assert made.status_code == 201
    one = f"{URL}{made.json()['id']}/"
    assert made.json()["secret"].startswith("whsec_")
    assert "secret" not in hugo.get(one).json()
    assert "secret" not in hugo.get(URL).json()["results"][0]
    renewed = hugo.post(f"{one}new-secret/").json()["secret"]
    assert renewed != made.json()["secret"]
    happen(cast)
    attempt(WebhookDelivery.objects.get())
    [told] = hugo.get(f"{one}deliveries/").json()["results"]
    assert (told["state"], told["response_code"]) == ("delivered", 204)
    the_problem(hugo.post(f"{one}deliveries/{told['id']}/again/"), 409)
    the_problem(hugo.post(f"{one}deliveries/{10**9}/again/"), 404)
    assert hugo.patch(one, {"is_active": False}).json()["is_active"] is False
    assert hugo.delete(one).status_code == 204


def test_anothers_endpoint_is_as_absent_and_other_roles_never_may(
    cast: Cast, as_user: As, endpoint: WebhookEndpoint
) -> None:
    endpoint.facility = Facility.objects.create(name="Elsewhere")
    endpoint.save()
    hugo = as_user(cast.hugo)
    for path in ("", "deliveries/"):
        foreign = hugo.get(f"{URL}{endpoint.pk}/{path}")
        absent = hugo.get(f"{URL}{10**9}/{path}")
        assert the_problem(foreign, 404) == the_problem(absent, 404)
    bodies = [{"facility": pk, "url": endpoint.url} for pk in (endpoint.facility.pk, 10**9)]
    errors = [the_problem(hugo.post(URL, body), 400)["errors"]["facility"] for body in bodies]
    assert [one[0]["code"] for one in errors] == ["does_not_exist"] * 2
    for user in (cast.pia, cast.omar, cast.dina, cast.bea):
        the_problem(as_user(user).get(URL), 403)
    assert as_user(cast.ada).get(URL).json()["count"] == 1


def test_a_wrong_change_is_refused(cast: Cast, as_user: As, endpoint: WebhookEndpoint) -> None:
    hugo = as_user(cast.hugo)
    wrong = ({"topics": ["trip.nonsense"]}, {"topics": "all"}, {"secret": "mine"}, {"url": 1})
    for body in wrong:
        the_problem(hugo.patch(f"{URL}{endpoint.pk}/", body), 400)


def test_there_is_a_bound_on_endpoints(cast: Cast, as_user: As, endpoint: WebhookEndpoint) -> None:
    for _ in range(9):
        WebhookEndpoint.objects.create(facility=cast.facility, url=endpoint.url)
    body = {"facility": cast.facility.pk, "url": endpoint.url}
    the_problem(as_user(cast.hugo).post(URL, body), 409)
