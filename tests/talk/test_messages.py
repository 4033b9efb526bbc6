"""Dispatch and drivers write to each other: kept, told once, with who has read it when."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext

from tests.api.conftest import As
from tests.api.problems import the_problem
from tests.cast import Cast
from tests.held_broker import HeldBroker
from trips.models import Message, Shift
from users.models import Notification, User

pytestmark = pytest.mark.django_db

URL = "/api/messages/"


@pytest.fixture(autouse=True)
def _fresh_throttle() -> None:
    cache.clear()


def say(client: Any, to: Any, body: str = "Ice on the bridge.", **more: Any) -> Any:
    return client.post(URL, {"to": to, "body": body, **more})


def deliver(held_broker: HeldBroker, send: Any) -> Any:
    with TestCase.captureOnCommitCallbacks(execute=True):
        answer = send()
    held_broker.deliver(times=3)
    return answer


def told(user: User) -> list[str]:
    return list(Notification.objects.filter(user=user).values_list("message", flat=True))


def test_dina_writes_to_omar_alone(cast: Cast, as_user: As, held_broker: HeldBroker) -> None:
    answer = deliver(held_broker, lambda: say(as_user(cast.dina), cast.driver.pk))
    assert answer.status_code == 201
    message = answer.json()
    assert (message["to"], message["sender"]) == (cast.driver.pk, cast.dina.pk)
    [notice] = Notification.objects.all()
    assert (notice.user, notice.kind) == (cast.omar, "message")
    assert (notice.key, notice.message) == (f"message:{message['id']}", "Dina: Ice on the bridge.")


def test_dina_writes_to_all_drivers_or_to_those_on_duty(
    cast: Cast, as_user: As, held_broker: HeldBroker
) -> None:
    Shift.objects.filter(driver=cast.strange_driver).delete()
    deliver(held_broker, lambda: say(as_user(cast.dina), "on_shift", "on duty"))
    deliver(held_broker, lambda: say(as_user(cast.dina), "drivers", "all"))
    assert told(cast.omar) == ["Dina: on duty", "Dina: all"]
    assert told(cast.eve) == ["Dina: all"]


def test_omar_writes_to_dispatch(cast: Cast, as_user: As, held_broker: HeldBroker) -> None:
    deliver(held_broker, lambda: say(as_user(cast.omar), "dispatch", "Flat tyre."))
    assert told(cast.dina) == ["Omar: Flat tyre."]
    assert Notification.objects.count() == 1


@pytest.mark.parametrize("to", ["drivers", "on_shift", "colleague"])
def test_drivers_write_to_dispatch_only(cast: Cast, as_user: As, to: str) -> None:
    whom = cast.strange_driver.pk if to == "colleague" else to
    the_problem(say(as_user(cast.omar), whom), 403)
    the_problem(say(as_user(cast.dina), "dispatch"), 403)
    assert not Message.objects.exists()


@pytest.mark.parametrize("name", ["pia", "hugo", "bea"])
def test_others_have_no_business_here(cast: Cast, as_user: As, name: str) -> None:
    the_problem(say(as_user(getattr(cast, name)), "dispatch"), 403)
    the_problem(as_user(getattr(cast, name)).get(URL), 403)


def test_the_same_message_again_is_sent_once(
    cast: Cast, as_user: As, held_broker: HeldBroker
) -> None:
    def send() -> Any:
        return say(as_user(cast.dina), cast.driver.pk, client_message_id="m1")

    assert deliver(held_broker, send).json() == deliver(held_broker, send).json()
    assert (Message.objects.count(), Notification.objects.count()) == (1, 1)
    other = say(as_user(cast.dina), cast.driver.pk, "Something else.", client_message_id="m1")
    the_problem(other, 422)


@pytest.mark.parametrize(
    "body",
    [
        {"to": 10**9, "body": "x"},
        {"to": "everybody", "body": "x"},
        {"to": True, "body": "x"},
        {"to": [1], "body": "x"},
        {"to": None, "body": "x"},
        {"to": "drivers", "body": ""},
        {"to": "drivers", "body": "x" * 1001},
        {"to": "drivers", "body": "a\0b"},
        {"to": "drivers"},
        {"to": "drivers", "body": "x", "cc": "ada"},
    ],
    ids=lambda body: str(body)[:40],
)
def test_what_makes_no_sense_is_400(cast: Cast, as_user: As, body: dict[str, Any]) -> None:
    the_problem(as_user(cast.dina).post(URL, body), 400)


def test_a_message_to_nobody_is_refused(cast: Cast, as_user: As) -> None:
    Shift.objects.all().delete()
    the_problem(say(as_user(cast.dina), "on_shift"), 400)
    cast.disable(cast.dina)
    the_problem(say(as_user(cast.omar), "dispatch"), 400)


def test_a_thread_shows_who_has_read_it(cast: Cast, as_user: As, held_broker: HeldBroker) -> None:
    dina, omar, eve = as_user(cast.dina), as_user(cast.omar), as_user(cast.eve)
    deliver(held_broker, lambda: say(dina, "drivers", "to all"))
    deliver(held_broker, lambda: say(dina, cast.strange_driver.pk, "to Eve"))
    deliver(held_broker, lambda: say(omar, "dispatch", "from Omar"))
    notice = Notification.objects.get(user=cast.omar)
    assert omar.post(f"/api/notifications/{notice.pk}/read/").json() == {"unread": 0}
    thread = dina.get(f"{URL}?with={cast.driver.pk}").json()["results"]
    assert [one["body"] for one in thread] == ["from Omar", "to all"]
    readers = {one["user_id"]: one["read_at"] is not None for one in thread[1]["readers"]}
    assert readers == {cast.omar.pk: True, cast.eve.pk: False}
    mine = omar.get(URL).json()["results"]
    assert [one["body"] for one in mine] == ["from Omar", "to all"]
    assert [[one["user_id"] for one in shown["readers"]] for shown in mine] == [
        [cast.dina.pk],
        [cast.omar.pk],  # who else has read it is not his business
    ]
    assert [one["body"] for one in eve.get(URL).json()["results"]] == ["to Eve", "to all"]


def test_foreign_threads_and_messages_are_as_absent(cast: Cast, as_user: As) -> None:
    foreign = say(as_user(cast.dina), cast.strange_driver.pk).json()["id"]
    omar = as_user(cast.omar)
    answers = [omar.get(f"{URL}{pk}/") for pk in (foreign, 10**9)]
    assert the_problem(answers[0], 404) == the_problem(answers[1], 404)
    for driver in (cast.strange_driver.pk, 10**9):
        assert omar.get(f"{URL}?with={driver}").json()["results"] == []
    the_problem(omar.get(f"{URL}?with=me"), 400)


def test_a_page_of_messages_is_a_constant_number_of_statements(
    cast: Cast, as_user: As, held_broker: HeldBroker
) -> None:
    dina = as_user(cast.dina)
    counts = []
    for _ in range(2):
        deliver(held_broker, lambda: say(dina, "drivers"))
        with CaptureQueriesContext(connection) as queries:
            dina.get(URL)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_who_writes_too_fast_is_asked_to_wait(
    cast: Cast, as_user: As, settings: LazySettings
) -> None:
    settings.RATE_LIMITS, settings.MESSAGE_RATE = True, "2/min"
    dina = as_user(cast.dina)
    assert [say(dina, "drivers").status_code for _ in range(3)] == [201, 201, 429]
    assert dina.get(URL).status_code == 200
    assert say(as_user(cast.omar), "dispatch").status_code == 201
