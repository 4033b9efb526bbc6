"""Short messages between dispatch and drivers: kept, told once to each, with read marks."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from trips.events.log import recording
from trips.models import Driver, Message
from trips.shifts import running
from users.models import Notification, User
from users.roles import Role

To = Message.To
KIND = "message"


class NobodyThere(Exception):
    """Nobody would read it; the text says who is missing."""


def send(*, sender: User, to: To, body: str, driver: Driver | None = None) -> Message:
    """Keep a message and owe its recipients a notice; NobodyThere where there is none."""
    with recording() as log:
        recipients = list(_recipients(to, driver).exclude(pk=sender.pk).order_by("pk"))
        if not recipients:
            raise NobodyThere("There is nobody to tell.")
        message = Message.objects.create(
            sender=sender, to=to, driver=driver, body=body, sent_at=timezone.now()
        )
        message.recipients.set(recipients)
        log.fact("message.sent", message.pk)
    return message


def _recipients(to: To, driver: Driver | None) -> QuerySet[User]:
    active = User.objects.filter(is_active=True)
    match to:
        case To.DISPATCH:
            return active.filter(role=Role.DISPATCHER)
        case To.DRIVER:
            return active.filter(driver=driver)
        case To.ON_SHIFT:
            on_duty = running(timezone.now()).values("driver")
            return active.filter(driver__in=on_duty)
    return active.filter(role=Role.DRIVER, driver__isnull=False)


def visible_messages(user: User, *, dispatches: bool) -> QuerySet[Message]:
    """Everything for dispatch; what a driver wrote or was told for the driver."""
    found = Message.objects.select_related("sender").prefetch_related("recipients")
    if not dispatches:
        found = found.filter(of(user.pk))
    return found.order_by("-pk")


def of(user_id: int) -> Q:
    """The thread of one person."""
    mine = Message.recipients.through.objects.filter(user_id=user_id).values("message_id")
    return Q(sender_id=user_id) | Q(pk__in=mine)


def threads(user: User) -> QuerySet[Driver]:
    """Active drivers with `last_id`, the newest message between them and dispatch alone, and
    `unread`, what `user` has not read of them; who wrote last first.
    """
    between = Q(sender=OuterRef("user")) | Q(driver=OuterRef("pk"))
    newest = Message.objects.filter(between).order_by("-pk").values("pk")[:1]
    mine = Notification.objects.filter(kind=KIND, user=user, read_at__isnull=True)
    unread = Message.objects.filter(sender=OuterRef("user"), pk__in=_messages_of(mine))
    counted = unread.order_by().values("sender").annotate(n=Count("pk")).values("n")
    found = Driver.objects.filter(user__is_active=True).select_related("user")
    return found.annotate(last_id=Subquery(newest), unread=Coalesce(Subquery(counted), 0)).order_by(
        F("last_id").desc(nulls_last=True), "user__last_name", "user__first_name", "pk"
    )


def _messages_of(notices: QuerySet[Notification]) -> list[int]:
    # A notice that a task sent directly may be of this kind, and has a key of its own.
    ours = notices.filter(channel=Notification.Channel.IN_APP, key__regex=rf"^{KIND}:\d{{1,18}}$")
    return [int(name.removeprefix(f"{KIND}:")) for name in ours.values_list("key", flat=True)]


def key(message_id: int) -> str:
    """The key of the notices that tell of a message."""
    return f"{KIND}:{message_id}"


def notices(messages: Iterable[Message], user: User) -> dict[int, int]:
    """{message: the notice that told `user` of it}."""
    by_key = {key(message.pk): message.pk for message in messages}
    rows = Notification.objects.filter(
        kind=KIND, key__in=by_key, user=user, channel=Notification.Channel.IN_APP
    )
    return {by_key[name]: pk for name, pk in rows.values_list("key", "pk")}


def read_marks(messages: Iterable[Message]) -> dict[int, dict[int, datetime]]:
    """{message: {user: when they read it}}, in one statement."""
    by_key = {key(message.pk): message.pk for message in messages}
    rows = Notification.objects.filter(kind=KIND, key__in=by_key, read_at__isnull=False)
    found: dict[int, dict[int, datetime]] = defaultdict(dict)
    for name, user_id, at in rows.values_list("key", "user_id", "read_at"):
        if user_id is not None and at is not None:
            found[by_key[name]][user_id] = at
    return found
