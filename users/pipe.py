"""The one pipe: a row for each (what it is about, person, channel), before anything is sent.

Preferences, quiet hours, the daily cap and suppressed addresses are asked here, when the row is
written; `objection` asks again when it is sent, which may be hours later.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from trips.events.log import recording
from trips.models import Company, Trip
from users import mailer, preferences
from users.audiences import Recipient
from users.channels import gateway
from users.kinds import KINDS, ON_REQUEST, OUTSIDE, kind_of
from users.models import Notification, SuppressedAddress, User
from users.quiet import after_quiet
from users.zones import zone_of

Channel, State = Notification.Channel, Notification.State
_OPTIONAL = [name for name, kind in KINDS.items() if kind.optional]
_DAY = timedelta(days=1)


def tell(
    users: Iterable[User], *, kind: str, key: str, message: str, trip_id: int | None = None
) -> int:
    """Write an in-app notice to each of `users` once per `key`; how many were new."""
    new = 0
    with recording() as log:
        now = timezone.now()
        for user in users:
            row, created = Notification.objects.get_or_create(
                user=user,
                address="",
                channel=Channel.IN_APP,
                kind=kind,
                key=key,
                defaults={
                    "trip_id": trip_id,
                    "message": message[:2000],
                    "state": State.SENT,
                    "due_at": now,
                    "sent_at": now,
                },
            )
            if created:
                log.notification(row)
                new += 1
    return new


def mail(
    *, kind: str, key: str, user: User | None = None, address: str = "", trip_id: int | None = None
) -> bool:
    """Queue one mail to a person, or to an address without account; False: already known.

    True as well where the row says at once that it is skipped, and why.
    """
    time_zone = user.time_zone if user else ""
    to = Recipient(user, "" if user else address, time_zone)
    return send(to, Channel.EMAIL, kind=kind, key=key, trip_id=trip_id)


def send(
    to: Recipient,
    channel: str,
    *,
    kind: str,
    key: str,
    trip_id: int | None = None,
    message: str = "",
) -> bool:
    """Queue one message by an outside channel, once per `key`; False: nothing new."""
    if not _reachable(to, channel, kind):
        return False
    once = {"user": to.user, "address": to.address, "channel": channel, "kind": kind, "key": key}
    if Notification.objects.filter(**once).exists():
        return False
    now = timezone.now()
    due_at = _due_at(to, kind, now)
    why = _refusal(kind, channel, to) or _over_the_cap(kind, to, now)
    row, created = Notification.objects.get_or_create(
        **once,
        defaults={
            "trip_id": trip_id,
            "message": message[:2000],
            "due_at": due_at if due_at > now else now + mailer.SWEEP_AFTER,
            "state": State.SKIPPED if why else State.QUEUED,
            "error": why,
        },
    )
    if created and not why and due_at <= now:
        transaction.on_commit(lambda: mailer.queue_mail(row))
    return created


def objection(row: Notification) -> str:
    """Why a row that is about to be sent is not to be sent any more; "" where all is well."""
    if row.user is not None and not row.user.is_active:
        return "account disabled"
    overtaken = kind_of(row.kind).overtaken
    if overtaken and Trip.objects.filter(pk=row.trip_id or 0, status__in=overtaken).exists():
        return "overtaken"
    return _refusal(row.kind, row.channel, Recipient(row.user, row.address))


def is_suppressed(address: str) -> bool:
    """Whether mail to this address bounced or was complained about."""
    return SuppressedAddress.objects.filter(address=address.lower()).exists()


def _reachable(to: Recipient, channel: str, kind: str) -> bool:
    if channel == Channel.EMAIL:
        return bool(to.email)
    return (
        channel in OUTSIDE
        and to.user is not None
        and gateway.is_set_up(channel)
        and bool(gateway.target_of(to.user, channel))
        # Nobody's rows are filled with what they never asked for.
        and (channel not in ON_REQUEST or _refusal(kind, channel, to) == "")
    )


def _refusal(kind: str, channel: str, to: Recipient) -> str:
    if channel == Channel.EMAIL and is_suppressed(to.email):
        return "address suppressed"
    wanted = preferences.is_wanted(kind, channel, user=to.user, address=to.address)
    return "" if wanted else "not wanted"


def _over_the_cap(kind: str, to: Recipient, now: datetime) -> str:
    if not settings.DAILY_CAP or not kind_of(kind).optional:
        return ""
    lately = Notification.objects.filter(
        user=to.user,
        address=to.address,
        channel__in=OUTSIDE,
        kind__in=_OPTIONAL,
        created_at__gt=now - _DAY,
    )
    return "daily cap" if lately.exclude(state=State.SKIPPED).count() >= settings.DAILY_CAP else ""


def _due_at(to: Recipient, kind: str, now: datetime) -> datetime:
    if kind_of(kind).any_hour:
        return now
    hours = settings.QUIET_HOURS
    if to.user and to.user.quiet_from and to.user.quiet_until:
        hours = (to.user.quiet_from, to.user.quiet_until)
    return after_quiet(now, zone_of(to.time_zone, Company.get().time_zone), hours)
