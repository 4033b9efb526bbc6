"""From a notification's row to its mail."""

from collections.abc import Callable

from django.core.mail import EmailMultiAlternatives
from django.utils import translation
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from config.subscriptions import MAIL_COMPOSERS
from users.mails import accounts, drivers, patients
from users.mails.layout import message_of
from users.mails.letters import Letter, Words
from users.mails.people import Reader, reader_of
from users.mails.rides import Ride, ride_of
from users.models import Notification, User

Write = Callable[[Reader], Letter]


def compose(row: Notification) -> EmailMultiAlternatives:
    """The mail of `row` in words. LookupError or ObjectDoesNotExist: what it is about is gone."""
    if row.kind in MAIL_COMPOSERS:
        composed: EmailMultiAlternatives = import_string(MAIL_COMPOSERS[row.kind])(row)
        return composed
    return post(row, lambda reader: _letter(row, reader))


def post(row: Notification, write: Write) -> EmailMultiAlternatives:
    """The mail of `row` with the letter that `write` makes in the reader's language."""
    reader = reader_of(row)
    with translation.override(reader.language):
        return message_of(write(reader), reader)


def _letter(row: Notification, reader: Reader) -> Letter:
    if row.kind in ACCOUNTS and row.user is not None:
        return ACCOUNTS[row.kind](row.user, reader)
    if row.kind in RIDES:
        ride = ride_of(row)
        write = RIDES[row.kind]
        if ride.to_driver and row.kind in TO_DRIVERS:
            write = TO_DRIVERS[row.kind]
        return write(ride, reader)
    return _plain(row, reader)


def _plain(row: Notification, reader: Reader) -> Letter:
    """A message of a kind that has no words of its own."""
    heading = _("A message from {company}").format(company=reader.company.name)
    return Letter(subject=heading, heading=heading, blocks=(Words(row.message),))


ACCOUNTS: dict[str, Callable[[User, Reader], Letter]] = {
    "welcome": accounts.welcome,
    "password_reset": accounts.password_reset,
}
RIDES: dict[str, Callable[[Ride, Reader], Letter]] = {
    "trip_assigned": drivers.assigned,
    "booked": patients.booked,
    "time_changed": patients.time_changed,
    "driver_changed": patients.driver_changed,
    "delayed": patients.delayed,
    "reminder": patients.reminder,
    "on_the_way": patients.on_the_way,
    "arrived": patients.arrived,
    "completed": patients.completed,
    "trip_cancelled": patients.cancelled,
    "trip_rejected": patients.rejected,
    "no_show": patients.no_show,
}
TO_DRIVERS: dict[str, Callable[[Ride, Reader], Letter]] = {"time_changed": drivers.time_changed}
