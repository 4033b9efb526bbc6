"""`manage.py send_test_mail`: whether our mail server takes a mail, and if not, why."""

import smtplib
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email


class Command(BaseCommand):
    help = "Sends one mail to ADDRESS, past the outbox, and prints what the mail server said."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("address")

    def handle(self, *args: Any, **options: Any) -> None:
        address = options["address"]
        server = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
        try:
            validate_email(address)
        except ValidationError:
            raise CommandError(f"{address} is no mail address") from None
        mail = EmailMessage(
            subject="Test mail",
            body=f"{settings.BASE_URL} can send mail.\n",
            from_email=settings.DEFAULT_FROM_EMAIL,
            to=[address],
        )
        began = time.perf_counter()
        try:
            mail.send()
        except (smtplib.SMTPException, OSError) as exc:
            raise CommandError(f"{server}: {type(exc).__name__}: {exc}") from None
        took_ms = 1000 * (time.perf_counter() - began)
        self.stdout.write(f"{server} took the mail for {address} in {took_ms:.0f} ms")
