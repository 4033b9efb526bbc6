"""What a person, or an address without account, wants to hear, and through which channel."""

from collections.abc import Mapping

from django.db.models import Q

from users.channels import gateway
from users.kinds import KINDS, ON_REQUEST, Channel, can_be_refused, kind_of, wanted_by_default
from users.models import Preference, User

Choices = Mapping[str, Mapping[str, bool]]  # {kind: {channel: wanted}}


def is_wanted(kind: str, channel: str, *, user: User | None, address: str) -> bool:
    """Whether this is to be sent; what cannot be refused always is."""
    if not can_be_refused(kind, channel):
        return True
    stated = Preference.objects.filter(user=user, address=address, channel=channel)
    by_kind = dict(stated.filter(kind__in=("", kind)).values_list("kind", "wanted"))
    # "Nothing optional" outdoes a single kind: it is the later and the stronger word.
    if by_kind.get("") is False and kind_of(kind).optional:
        return False
    return by_kind.get(kind, wanted_by_default(channel))


def choices_of(user: User) -> Choices:
    """Every choice that this person has, as it stands."""
    stated = {(row.kind, row.channel): row.wanted for row in Preference.objects.filter(user=user)}
    found: dict[str, dict[str, bool]] = {}
    for name, kind in KINDS.items():
        for channel in kind.channels:
            if not _offered(name, channel):
                continue
            nothing = kind.optional and stated.get(("", channel)) is False
            wanted = stated.get((name, channel), wanted_by_default(channel))
            found.setdefault(name, {})[channel.value] = wanted and not nothing
    return found


def _offered(kind: str, channel: Channel) -> bool:
    return can_be_refused(kind, channel) and (
        channel not in ON_REQUEST or gateway.is_set_up(channel)
    )


def choose(user: User, choices: Choices) -> None:
    """Keep these choices; KeyError names one that this person does not have."""
    offered = choices_of(user)
    for kind, channels in choices.items():
        for channel, wanted in channels.items():
            if channel not in offered.get(kind, {}):
                raise KeyError(f"{kind} by {channel}")
            if wanted:
                _take_back_refusal(user, channel)
            _state(kind, channel, wanted, user=user)


def _take_back_refusal(user: User, channel: str) -> None:
    """Who wants one kind again wants no more "nothing": the other kinds stay refused by name."""
    if not Preference.objects.filter(user=user, kind="", channel=channel, wanted=False).exists():
        return
    for name, kind in KINDS.items():
        if kind.optional and channel in kind.channels:
            _state(name, channel, False, user=user)
    Preference.objects.filter(user=user, kind="", channel=channel).delete()


def refuse(*, kind: str, user: User | None, address: str) -> None:
    """Unsubscribe from the mails of one kind, or (`""`) from all that are optional. Idempotent."""
    _state(kind, Channel.EMAIL, False, user=user, address=address)


def has_refused(*, kind: str, user: User | None, address: str) -> bool:
    """Whether these mails are unsubscribed from already."""
    of = Q(user=user, address=address, channel=Channel.EMAIL, wanted=False)
    return Preference.objects.filter(of, kind__in={"", kind}).exists()


def _state(
    kind: str, channel: str, wanted: bool, *, user: User | None = None, address: str = ""
) -> None:
    Preference.objects.update_or_create(
        user=user, address=address, kind=kind, channel=channel, defaults={"wanted": wanted}
    )
