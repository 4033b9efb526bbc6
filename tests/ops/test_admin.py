"""The admin: a useful page for every table, history that only can be read, and trying again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.http import HttpRequest
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from knox.models import AuthToken

from billing.invoices import issue_invoice
from billing.models import Invoice, Rate
from billing.pdf import document_of
from config.admin_base import MOST_ROWS, History
from tests.cast import Cast
from trips.lifecycle import Status
from trips.models import (
    Company,
    Delivery,
    GpsFix,
    QuarantinedFix,
    TaskFailure,
    TaskRun,
    Trip,
    VehiclePosition,
)
from trips.operations.remote import purge
from users.models import Notification, User

OURS = ("users", "trips", "billing")
MODELS = [model for model in admin.site._registry if model._meta.app_label in OURS]
HISTORY = [model for model in MODELS if isinstance(admin.site._registry[model], History)]


@pytest.fixture
def ada(cast: Cast) -> Client:
    """Ada, logged in."""
    User.objects.filter(pk=cast.ada.pk).update(is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(User.objects.get(pk=cast.ada.pk))
    return client


@pytest.fixture
def history(cast: Cast) -> Trip:
    """A row in nearly every table."""
    trip = cast.trip_in(Status.COMPLETED)
    document_of(issue_invoice(trip.pk))
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT trips_gpsfix_make_day(%s)", [now.date()])
    for minutes in range(3):
        GpsFix.objects.create(
            device=cast.tracker, vehicle=cast.van, trip=trip, latitude=57.7, longitude=11.9,
            recorded_at=now - timedelta(seconds=minutes), received_at=now, verdict="kept",
        )  # fmt: skip
    QuarantinedFix.objects.create(
        device=cast.tracker, trip=trip, reason="too_old", raw=b"lat=NaN\0", digest=b"1",
        received_at=now,
    )  # fmt: skip
    VehiclePosition.objects.create(
        vehicle=cast.van, latitude=57.7, longitude=11.9, recorded_at=now, updated_at=now
    )
    TaskRun.objects.create(owner=cast.dina, task="trips.tasks.export_trips", due_at=now)
    for key, state in (("event:1", "failed"), ("event:2", "sent")):
        Notification.objects.create(
            user=cast.pia, channel="email", kind="on_the_way", key=key, state=state, due_at=now
        )
    failed_task(cast.patient.pk)
    AuthToken.objects.create(cast.omar)
    return trip


def failed_task(user_id: int, task_id: str = "a") -> TaskFailure:
    return TaskFailure.objects.create(
        task_id=task_id,
        task="users.tasks.send_welcome_email",
        arguments={"user_id": user_id},
        error="OSError",
        failed_at=timezone.now(),
    )


def page(model: type[Model], *rest: object) -> str:
    return "/".join(
        ["/admin", model._meta.app_label, model._meta.model_name or "", *map(str, rest), ""]
    )


def test_every_table_has_a_page_of_its_own_or_stands_on_another() -> None:
    inline = {i.model for page in admin.site._registry.values() for i in page.inlines}
    missing = [
        model.__name__
        for label in OURS
        for model in apps.get_app_config(label).get_models()
        if model not in MODELS and model not in inline
    ]
    assert missing == []


def test_ada_lists_searches_and_opens_every_table(
    ada: Client, history: Trip, subtests: pytest.Subtests
) -> None:
    for model in MODELS:
        with subtests.test(model=model.__name__):
            assert_listed(ada, model)
            row = model._default_manager.first()
            if row is not None and model is not GpsFix:
                assert ada.get(page(model, row.pk, "change")).status_code == 200
            if admin.site._registry[model].has_add_permission(_request(ada)):
                assert ada.get(page(model, "add")).status_code == 200


def assert_listed(ada: Client, model: type[Model]) -> None:
    for question in ("", "?q=1", "?q=word", f"?q={'9' * 30}"):
        with CaptureQueriesContext(connection) as queries:
            answer = ada.get(page(model) + question)
        assert answer.status_code == 200, question
        # As many for three rows as for three hundred.
        assert len(queries) < 20, question


def test_history_takes_no_change(ada: Client, history: Trip, subtests: pytest.Subtests) -> None:
    for model in HISTORY:
        with subtests.test(model=model.__name__):
            assert ada.post(page(model, "add"), {}).status_code == 403
            row = model._default_manager.first()
            if row is not None and model is not GpsFix:
                assert ada.post(page(model, row.pk, "change"), {}).status_code == 403
                answer = ada.post(page(model, row.pk, "delete"), {"post": "yes"})
                # A token is revoked so.
                assert answer.status_code == (302 if model is AuthToken else 403)


@pytest.mark.parametrize("who", ["dina", "omar", "bea", "hugo", "pia", "eve"])
def test_nobody_else_gets_in(cast: Cast, history: Trip, who: str) -> None:
    client = Client()
    client.force_login(getattr(cast, who))
    for model in MODELS:
        assert client.get(page(model)).status_code == 302, model


def test_positions_are_listed_only_for_a_device_or_a_trip(
    ada: Client, cast: Cast, history: Trip
) -> None:
    def shown(question: str) -> int:
        return int(ada.get(page(GpsFix) + question).context["cl"].result_count)

    assert shown("") == 0
    assert shown(f"?device__id__exact={cast.tracker.pk}") == 3
    assert shown(f"?q={history.pk}") == 3
    assert shown(f"?q={history.pk + 1}") == 0
    day = timezone.now().date()
    assert shown(f"?device__id__exact={cast.tracker.pk}&day={day - timedelta(days=5)}") == 0


def test_a_log_is_never_counted_to_its_end(ada: Client, history: Trip) -> None:
    with CaptureQueriesContext(connection) as queries:
        ada.get(page(Delivery))
    counts = [query["sql"] for query in queries if "COUNT(" in query["sql"]]
    assert counts
    assert all(f"LIMIT {MOST_ROWS}" in sql for sql in counts)


def test_a_dead_delivery_is_tried_again_and_a_done_one_is_not(ada: Client, history: Trip) -> None:
    dead, done = Delivery.objects.order_by("pk")[:2]
    Delivery.objects.filter(pk=dead.pk).update(state="dead", attempts=5)
    Delivery.objects.filter(pk=done.pk).update(state="done", attempts=1)
    body = {"action": "retry", "_selected_action": [dead.pk, done.pk]}
    answer = ada.post(page(Delivery), body, follow=True)
    assert "1 deliveries queued again" in answer.content.decode()
    dead.refresh_from_db()
    done.refresh_from_db()
    assert (dead.state, dead.attempts, done.state) == ("pending", 0, "done")


def test_a_failed_task_is_run_again_once(ada: Client, cast: Cast) -> None:
    body = {"action": "retry", "_selected_action": [failed_task(cast.pia.pk).pk]}
    answers = [ada.post(page(TaskFailure), body, follow=True).content.decode() for _ in range(2)]
    assert "1 tasks queued again" in answers[0]
    assert "0 tasks queued again" in answers[1]
    assert purge("low_priority") == 1
    assert TaskFailure.objects.get().retried_at is not None


def test_a_failed_mail_is_sent_again_and_a_sent_one_is_not(ada: Client, history: Trip) -> None:
    failed = Notification.objects.get(state="failed")
    sent = Notification.objects.get(state="sent")
    body = {"action": "send_again", "_selected_action": [failed.pk, sent.pk]}
    answer = ada.post(page(Notification), body, follow=True)
    assert "1 mails queued again" in answer.content.decode()
    failed.refresh_from_db()
    sent.refresh_from_db()
    assert (failed.state, sent.state) == ("queued", "sent")


def test_the_role_alone_opens_the_admin(ada: Client, cast: Cast) -> None:
    account = {
        "username": "alba",
        "role": "admin",
        "usable_password": "true",
        "password1": "correct horse battery",
        "password2": "correct horse battery",
    }
    assert ada.post(page(User, "add"), account).status_code == 302
    alba = User.objects.get(username="alba")
    assert alba.is_staff
    form = {"username": "alba", "role": "dispatcher", "is_active": "on", "language": "en"}
    assert ada.post(page(User, alba.pk, "change"), form).status_code == 302
    alba.refresh_from_db()
    assert (alba.role, alba.is_staff, alba.is_superuser) == ("dispatcher", False, False)


def test_ada_cannot_lock_herself_out(ada: Client, cast: Cast) -> None:
    form = {"username": "ada", "role": "patient", "language": "en"}
    ada.post(page(User, cast.ada.pk, "change"), form)
    cast.ada.refresh_from_db()
    assert (cast.ada.role, cast.ada.is_active, cast.ada.is_staff) == ("admin", True, True)


def test_a_rate_that_has_begun_stands(ada: Client, cast: Cast) -> None:
    begun = Rate.objects.order_by("valid_from")[0]
    assert ada.post(page(Rate, begun.pk, "change"), {}).status_code == 403
    begun.valid_from = timezone.now().date() + timedelta(days=2)
    begun.save()
    assert ada.post(page(Rate, begun.pk, "change"), {}).status_code == 200


def test_there_is_one_company(ada: Client, cast: Cast) -> None:
    assert ada.get(page(Company, "add")).status_code == 403
    Company.objects.all().delete()
    offered = ada.get(page(Company, "add")).context["adminform"].form
    defaults = {name: f.initial for name, f in offered.fields.items() if f.initial is not None}
    form = defaults | {"name": "Nordic", "time_zone": "Europe/Oslo", "currency": "NOK"}
    assert ada.post(page(Company, "add"), form).status_code == 302
    assert Company.objects.get().pk == 1


def test_an_invoice_shows_its_money_and_lines(ada: Client, history: Trip) -> None:
    invoice = Invoice.objects.get()
    text = ada.get(page(Invoice) + f"?q={invoice.number}").content.decode()
    assert f"{invoice.total_cents / 100:,.2f} USD" in text
    opened = ada.get(page(Invoice, invoice.pk, "change")).content.decode()
    for line in invoice.lines.all():
        assert line.description in opened


def test_a_periodic_task_is_made_in_the_admin(ada: Client, cast: Cast) -> None:
    every = IntervalSchedule.objects.create(every=10, period="minutes")
    row = PeriodicTask.objects.create(name="mine", task="trips.tasks.sweep", interval=every)
    text = ada.get("/admin/django_celery_beat/periodictask/").content.decode()
    assert "mine" in text
    opened = ada.get(f"/admin/django_celery_beat/periodictask/{row.pk}/change/").content.decode()
    assert "trips.tasks.check_trip_timeouts" in opened


def _request(client: Client) -> HttpRequest:
    request: HttpRequest = client.get("/admin/").wsgi_request
    return request
