"""Wrong types, missing and foreign ids: a clear error or result, at once, and nothing half done."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils.module_loading import import_string

from billing.models import Invoice
from tests.cast import Cast
from tests.tasks.test_contract import FIXED
from trips.models import TaskFailure
from users.models import Notification

WRONG: dict[str, Any] = {
    "trip_id": ["x", "7", True, None, 1.5, [], {}],
    "driver_id": ["x", None],
    "invoice_id": ["x", None],
    "user_id": ["x", None, True],
    "latitude": ["north", None],
    "longitude": ["east", None],
    "speed": ["fast"],
    "heading": [[]],
    "status": [None, 5],
    "message": [None, 5],
    "notification_type": [None, {}],
}
RIGHT: dict[str, Any] = {
    "trip_id": 1,
    "driver_id": 1,
    "invoice_id": 1,
    "user_id": 1,
    "latitude": 57.7,
    "longitude": 11.9,
    "status": "assigned",
    "message": "",
    "notification_type": "hello",
}
CASES = [
    (name, parameter, value)
    for name, (_, signature) in FIXED.items()
    for parameter in (part.partition("=")[0] for part in signature.strip("()").split(", ") if part)
    for value in WRONG[parameter]
]


def call(name: str, **kwargs: Any) -> Any:
    return import_string(name).apply(kwargs=kwargs)


def right(name: str) -> dict[str, Any]:
    return {key: value for key, value in RIGHT.items() if f"{key}" in FIXED[name][1]}


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "parameter", "value"), CASES)
def test_a_wrong_type_fails_at_once(name: str, parameter: str, value: object) -> None:
    result = call(name, **(right(name) | {parameter: value}))
    assert (result.state, type(result.result).__name__) == ("FAILURE", "InvalidArguments")
    assert result.result.args[0].startswith(parameter)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "kwargs"),
    [
        ("billing.tasks.generate_invoice", {"trip_id": 10**9}),
        ("billing.tasks.generate_invoice", {"trip_id": -1}),
        ("billing.tasks.generate_invoice", {"trip_id": 2**70}),
        ("billing.tasks.send_invoice_email", {"invoice_id": 10**9}),
        ("billing.tasks.send_invoice_email", {"invoice_id": 2**70}),
        ("users.tasks.send_welcome_email", {"user_id": 10**9}),
        ("users.tasks.send_welcome_email", {"user_id": 2**70}),
        ("users.tasks.send_daily_digest", {"user_id": 10**9}),
        ("users.tasks.send_notification", right("users.tasks.send_notification")),
        (
            "users.tasks.send_trip_assignment_notification",
            {"trip_id": 10**9, "driver_id": 10**9},
        ),
    ],
)
def test_an_unknown_id_fails_at_once(name: str, kwargs: dict[str, Any]) -> None:
    result = call(name, **kwargs)
    assert (result.state, type(result.result).__name__) == ("FAILURE", "InvalidArguments")
    assert TaskFailure.objects.get().error == "InvalidArguments"
    assert not Notification.objects.exists()
    assert not Invoice.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "kwargs"),
    [
        ("trips.tasks.broadcast_trip_status", {"trip_id": 10**9, "status": "assigned"}),
        ("trips.tasks.broadcast_trip_status", {"trip_id": 2**70, "status": "assigned"}),
        ("trips.tasks.process_trip_completion", {"trip_id": 10**9}),
        ("trips.tasks.process_trip_completion", {"trip_id": 2**70}),
    ],
)
def test_a_doorbell_for_an_unknown_trip_says_so(name: str, kwargs: dict[str, Any]) -> None:
    result = call(name, **kwargs)
    assert result.successful()
    assert "nothing" in result.result


@pytest.mark.django_db
@pytest.mark.parametrize(
    "place", [{"latitude": 91.0}, {"longitude": -181.0}, {"latitude": float("nan")}]
)
def test_a_position_off_the_earth_is_not_broadcast(place: dict[str, float]) -> None:
    name = "trips.tasks.broadcast_gps_update"
    assert call(name, **(right(name) | place)).state == "FAILURE"


def test_a_trip_that_goes_on_is_not_invoiced(cast: Cast) -> None:
    trip = cast.trip_in("in_progress")
    result = call("billing.tasks.generate_invoice", trip_id=trip.pk)
    assert str(result.result) == f"nothing is owed for trip {trip.pk}"
    assert not Invoice.objects.exists()


def test_a_driver_who_never_had_the_trip_is_told_nothing(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    Notification.objects.all().delete()
    result = call(
        "users.tasks.send_trip_assignment_notification",
        trip_id=trip.pk,
        driver_id=cast.strange_driver.pk,
    )
    assert result.state == "FAILURE"
    assert not Notification.objects.exists()


def test_who_has_no_day_gets_no_digest(cast: Cast) -> None:
    assert call("users.tasks.send_daily_digest", user_id=cast.pia.pk).state == "FAILURE"


def test_a_disabled_person_gets_nothing(cast: Cast) -> None:
    cast.disable(cast.dina)
    assert call("users.tasks.send_daily_digest", user_id=cast.dina.pk).state == "FAILURE"
    assert not Notification.objects.exists()
