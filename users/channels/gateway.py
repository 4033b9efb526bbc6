"""SMS and push through Apprise: one address of a service for the company, one target a person.

The services' addresses are the operator's (`ATW_SMS_URL`, `ATW_PUSH_URL`), never a user's: a
person only fills in the part behind `{target}`.
"""

from collections.abc import Mapping
from urllib.parse import quote

from django.conf import settings

from users.channels.outcome import Compose, Outcome, State, Unwanted
from users.models import Notification, User

Channel = Notification.Channel
#: An SMS of one part with room for the company's name.
MOST_CHARACTERS = 300


def target_of(user: User, channel: str) -> str:
    """Where this person is reached through the channel; "" where that is not known."""
    return user.push_target if channel == Channel.PUSH else user.phone


def is_set_up(channel: str) -> bool:
    """Whether the operator has a service for this channel."""
    return bool(_services().get(channel))


def _services() -> Mapping[str, str]:
    return {Channel.SMS: settings.SMS_URL, Channel.PUSH: settings.PUSH_URL}


def send(row: Notification, compose: Compose) -> Outcome:
    """Hand the notice of a claimed row to its service; `compose` says whether it is still wanted.

    Apprise does not tell a refusal from an answer that never came, so nothing is repeated
    blindly: a person may send it again.
    """
    template = _services().get(row.channel, "")
    target = target_of(row.user, row.channel) if row.user else ""
    if not template or not target:
        return State.SKIPPED, "no target"
    try:
        compose(row)
    except Unwanted as exc:
        return State.SKIPPED, str(exc)
    try:
        from apprise import Apprise
    except ImportError:
        return State.FAILED, "apprise is not installed"
    service = Apprise()
    if not service.add(template.replace("{target}", quote(target, safe=""))):
        return State.FAILED, "the service's address is not valid"
    taken = service.notify(body=row.message[:MOST_CHARACTERS])
    return (State.SENT, "") if taken else (State.FAILED, "not taken")
