"""Short messages between dispatch and drivers: kept, told once to each, with read marks."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet
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


def key(message_id: int) -> str:
    """The key of the notices that tell of a message."""
    return f"{KIND}:{message_id}"


def read_marks(messages: Iterable[Message]) -> dict[int, dict[int, datetime]]:
    """{message: {user: when they read it}}, in one statement."""
    by_key = {key(message.pk): message.pk for message in messages}
    rows = Notification.objects.filter(kind=KIND, key__in=by_key, read_at__isnull=False)
    found: dict[int, dict[int, datetime]] = defaultdict(dict)
    for name, user_id, at in rows.values_list("key", "user_id", "read_at"):
        if user_id is not None and at is not None:
            found[by_key[name]][user_id] = at
    return found
