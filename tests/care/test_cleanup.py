"""What is forgotten, when, and what is not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.utils import timezone
from knox.models import AuthToken

from config.bounded import delete_some
from tests.cast import Cast
from trips import cleanup as trips_cleanup
from trips.models import Delivery, Message, Shift, TapAnswer
from users import cleanup as users_cleanup
from users.audit.entries import Entry, append_read
from users.models import Notification, User

pytestmark = pytest.mark.django_db
NOW = timezone.now


def _old_token(user: User, days: int) -> None:
    row, _ = AuthToken.objects.create(user)
    AuthToken.objects.filter(pk=row.pk).update(created=NOW() - timedelta(days=days))


def _tokens(user: User) -> int:
    return int(AuthToken.objects.filter(user=user).count())


def test_accounts_idle_for_a_month_lose_their_tokens(cast: Cast) -> None:
    Shift.objects.all().delete()
    _old_token(cast.hugo, 31)
    _old_token(cast.bea, 29)
    users_cleanup.delete_expired_tokens()
    assert (_tokens(cast.hugo), _tokens(cast.bea)) == (0, 1)


def test_who_was_seen_or_drove_keeps_them(cast: Cast) -> None:
    Shift.objects.all().delete()
    for user in (cast.hugo, cast.omar, cast.dina):
        _old_token(user, 60)
    append_read(Entry("read", cast.hugo.pk, "facility", None, "GET /", "trips"))
    start = NOW() - timedelta(days=3)
    Shift.objects.create(
        driver=cast.driver, vehicle=cast.van, starts_at=start, ends_at=start + timedelta(hours=8)
    )
    User.objects.filter(pk=cast.dina.pk).update(last_login=NOW() - timedelta(days=2))
    users_cleanup.delete_expired_tokens()
    assert [_tokens(user) for user in (cast.hugo, cast.omar, cast.dina)] == [1, 1, 1]


def test_old_records_go_and_young_ones_stay(cast: Cast) -> None:
    for age in (1, 400):
        at = NOW() - timedelta(days=age)
        Message.objects.create(sender=cast.dina, to="all", body="x", sent_at=at)
        answer = TapAnswer.objects.create(
            user=cast.omar, client_event_id=f"{age}", request_digest="", status_code=200, body={}
        )
        TapAnswer.objects.filter(pk=answer.pk).update(created_at=at)
        notice = Notification.objects.create(
            user=cast.dina, channel="in_app", kind="x", key=f"{age}", state="sent", due_at=at
        )
        Notification.objects.filter(pk=notice.pk).update(created_at=at)
    assert trips_cleanup.cleanup()["messages"] == 1
    assert users_cleanup.cleanup()["notices"] == 1
    assert TapAnswer.objects.filter(client_event_id="1").exists()
    assert not TapAnswer.objects.filter(client_event_id="400").exists()


def test_what_is_not_through_is_not_forgotten(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    waiting = Delivery.objects.filter(subject_id__in=trip.events.values("pk"))
    waiting.update(created_at=NOW() - timedelta(days=400))
    count = waiting.exclude(state="done").count()
    trips_cleanup.cleanup()
    assert waiting.exclude(state="done").count() == count > 0


def test_a_run_is_bounded(cast: Cast) -> None:
    for n in range(5):
        Message.objects.create(sender=cast.dina, to="all", body=str(n), sent_at=NOW())
    assert delete_some(Message.objects.all(), batch=2, most=2) == 4
    assert Message.objects.get().body == "4"


def test_every_model_has_its_line_in_the_retention_table() -> None:
    page = (Path(__file__).parents[2] / "docs/RETENTION.md").read_text()
    apps_of_ours = ("trips", "billing", "users")
    models = [model for app in apps_of_ours for model in apps.get_app_config(app).get_models()]
    assert [m.__name__ for m in models if f"`{m.__name__}`" not in page] == []
