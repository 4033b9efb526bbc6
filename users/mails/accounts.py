"""Mails about an account."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from users.mails.letters import Aside, Button, Letter, Words, facts
from users.mails.people import Reader
from users.models import User


def welcome(user: User, reader: Reader) -> Letter:
    """A new account, with the link by which its owner chooses a password."""
    title = _("Welcome to {company}").format(company=reader.company.name)
    return Letter(
        subject=title,
        heading=title,
        blocks=(
            Words(_("You have an account now. Choose your password to begin.")),
            Button(_("Choose your password"), password_link(user)),
            facts(
                (_("Your user name"), user.username),
                (_("You sign in at"), f"{settings.BASE_URL}{settings.LOGIN_URL}"),
            ),
            Aside(_lasts()),
        ),
    )


def password_reset(user: User, reader: Reader) -> Letter:
    """Somebody, it is to be hoped this person, said that the password is forgotten."""
    title = _("Choose a new password")
    return Letter(
        subject=title,
        heading=title,
        blocks=(
            Words(_("Somebody asked for a new password for your account.")),
            Button(_("Choose your password"), password_link(user)),
            facts((_("Your user name"), user.username)),
            Aside(_("If it was not you, do nothing: your password stays as it is.")),
            Aside(_lasts()),
        ),
    )


def _lasts() -> str:
    days = timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT).days
    text = ngettext(
        "The link works once, within {days} day. Nobody here knows your password, and nobody will "
        "ask you for it.",
        "The link works once, within {days} days. Nobody here knows your password, and nobody will "
        "ask you for it.",
        days,
    )
    return text.format(days=days)


def password_link(user: User) -> str:
    """Where this person chooses a password; it ends with the choice, a log-in, or its time."""
    path = reverse(
        "password_reset_confirm",
        kwargs={
            "uidb64": urlsafe_base64_encode(force_bytes(user.pk)),
            "token": default_token_generator.make_token(user),
        },
    )
    return f"{settings.BASE_URL}{path}"
