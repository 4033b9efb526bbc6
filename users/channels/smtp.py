"""Mail by SMTP, one step at a time, so that it is known whether the server can have the mail.

`smtplib` hides two things that a row must tell: which of several recipients was refused, and
whether the line broke before the mail was handed over (safe to repeat) or after.
"""

import smtplib
import threading
import time
from collections.abc import Sequence
from contextlib import suppress

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.core.mail import EmailMessage, EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import sanitize_address

from users.channels.outcome import Compose, Outcome, State, Unwanted
from users.models import Notification

#: After a server could not be reached nobody in this process tries it for so long.
REST_S = 15.0
AWAY = "the mail server is away"
_rests: dict[tuple[str, int], float] = {}
_lock = threading.Lock()


def forget() -> None:
    """Try every server again."""
    _rests.clear()


class NotHandedOver(Exception):
    """The line broke, or the server was busy, before it had the mail: a next attempt is safe."""


class Backend(EmailBackend):
    """Django's SMTP backend; `refused` has what was said to each recipient that was refused."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.refused: dict[str, int] = {}

    def _send(self, email_message: EmailMessage) -> bool:
        smtp = self.connection
        if smtp is None or not email_message.recipients():
            return False
        encoding = email_message.encoding or settings.DEFAULT_CHARSET
        sender = sanitize_address(email_message.from_email, encoding)
        people = [sanitize_address(one, encoding) for one in email_message.recipients()]
        content = email_message.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]
        try:
            self._envelope(smtp, sender, people)
        except OSError as exc:
            if isinstance(exc, smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused):
                raise
            raise NotHandedOver(type(exc).__name__) from exc
        code, answer = smtp.data(content)
        if code != 250:
            raise smtplib.SMTPDataError(code, answer)
        return True

    def _envelope(self, smtp: smtplib.SMTP, sender: str, people: Sequence[str]) -> None:
        smtp.ehlo_or_helo_if_needed()
        code, answer = smtp.mail(sender)
        if code != 250:
            raise smtplib.SMTPSenderRefused(code, answer, sender)
        refused = {}
        for person in people:
            code, answer = smtp.rcpt(person)
            if code not in (250, 251):
                refused[person] = (code, answer)
        self.refused = {person: code for person, (code, _) in refused.items()}
        # A copy alone is no mail: without its first recipient nothing is sent.
        if people[0] in refused:
            raise smtplib.SMTPRecipientsRefused(refused)


def send(row: Notification, compose: Compose) -> Outcome:
    """Send the mail of a claimed row; the state that it is in now, and why."""
    at = (settings.EMAIL_HOST, settings.EMAIL_PORT)
    if time.monotonic() < _rests.get(at, 0):
        return State.QUEUED, AWAY
    try:
        mail = compose(row)
    except Unwanted as exc:
        return State.SKIPPED, str(exc)
    except (LookupError, ObjectDoesNotExist) as exc:
        return State.FAILED, type(exc).__name__
    except Exception as exc:  # a template, a PDF: to be mended, and then it is sent
        return State.QUEUED, type(exc).__name__
    try:
        connection = get_connection()
        connection.open()
    except Exception as exc:
        with _lock:
            _rests[at] = time.monotonic() + REST_S
        return State.QUEUED, type(exc).__name__
    try:
        return _hand_over(connection, mail)
    finally:
        with suppress(OSError):
            connection.close()


def _hand_over(connection: BaseEmailBackend, mail: EmailMultiAlternatives) -> Outcome:
    try:
        connection.send_messages([mail])
    except smtplib.SMTPRecipientsRefused as exc:
        codes = {code for code, _ in exc.recipients.values()}
        return (State.FAILED if min(codes) >= 500 else State.QUEUED), f"refused {codes}"
    except smtplib.SMTPResponseException as exc:
        return (State.FAILED if exc.smtp_code >= 500 else State.QUEUED), str(exc.smtp_code)
    except NotHandedOver as exc:
        return State.QUEUED, str(exc)
    except (smtplib.SMTPException, OSError) as exc:
        # The line broke while the mail was under way: it may have been taken.
        return State.UNKNOWN, type(exc).__name__
    except ValueError as exc:  # an address or a header that no mail can carry
        return State.FAILED, type(exc).__name__
    refused = getattr(connection, "refused", {})
    return State.SENT, f"copy refused {set(refused.values())}" if refused else ""
