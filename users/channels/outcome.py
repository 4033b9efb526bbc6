"""What came of an attempt to send, in the words of `Notification.state`."""

from collections.abc import Callable

from django.core.mail import EmailMultiAlternatives

from users.models import Notification

State = Notification.State
Outcome = tuple[State, str]  # the error is a type or a code: a text may hold an address
Compose = Callable[[Notification], EmailMultiAlternatives]


class Unwanted(Exception):
    """The message is not to be sent after all; the text says why, without a name."""
