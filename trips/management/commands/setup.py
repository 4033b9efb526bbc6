"""`manage.py setup`: from an empty database to a company with its first administrator."""

import os
import secrets
from argparse import ArgumentParser, BooleanOptionalAction
from getpass import getpass
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import ProgrammingError, transaction

from trips.demo import seed
from trips.models import Company
from trips.tracking.retention import make_days_ahead
from users.models import User
from users.roles import Role

#: Field of Company: what the prompt and the help say.
FIELDS = {
    "name": "company name",
    "time_zone": "time zone, e.g. America/New_York",
    "currency": "currency, e.g. USD",
    "address": "postal address",
    "phone": "phone number that patients call",
    "email": "email address that answers to our mails reach",
}


class Command(BaseCommand):
    help = (
        "Sets up the company and its first administrator; asks for what no option says. A second"
        " run changes only what it is told and keeps the rest."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        for field, text in FIELDS.items():
            option = "--company" if field == "name" else f"--{field.replace('_', '-')}"
            parser.add_argument(option, dest=field, help=text)
        parser.add_argument("--admin", metavar="USERNAME", help="the administrator's user name")
        parser.add_argument("--admin-email", default="", metavar="ADDRESS")
        parser.add_argument(
            "--demo", action=BooleanOptionalAction, help="demo data too; refused in production"
        )
        parser.add_argument(
            "--no-input",
            "--noinput",
            action="store_false",
            dest="interactive",
            help="ask nothing; the password is ATW_ADMIN_PASSWORD, else one is made and printed",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["demo"] and settings.PRODUCTION:
            raise CommandError("demo data is refused in production")
        try:
            with transaction.atomic():
                done = [self._set_up_company(options), self._set_up_admin(options)]
            # The clock makes them within the hour; until then `/readyz` would warn.
            make_days_ahead()
        except ProgrammingError:
            raise CommandError("the database has no tables: run `manage.py migrate`") from None
        except ValidationError as exc:
            raise CommandError("; ".join(exc.messages)) from None
        except (EOFError, KeyboardInterrupt):
            raise CommandError("stopped: nothing was changed") from None
        if self._wants_demo(options):
            seed()
            done.append("demo    data is there: `manage.py seed_demo` prints its logins")
        self.stdout.write("\n".join(done))
        self.stdout.write(f"log in  {settings.BASE_URL}{settings.LOGIN_URL}")

    def _set_up_company(self, options: dict[str, Any]) -> str:
        company = Company.objects.filter(pk=1).first() or Company(pk=1)
        for field in FIELDS:
            self._set(company, field, options)
        if not company.name:
            raise CommandError("a company needs a name: --company NAME")
        company.full_clean()
        company.save()
        return f"company {company.name}, {company.time_zone}, {company.currency}"

    def _set(self, company: Company, field: str, options: dict[str, Any]) -> None:
        if options[field] is not None:
            setattr(company, field, options[field].strip())
        elif options["interactive"]:
            self._ask_for(company, field)

    def _ask_for(self, company: Company, field: str) -> None:
        others = {name.name for name in company._meta.fields} - {field}
        while True:
            known = getattr(company, field)
            question = f"The {FIELDS[field]}" + (f" [{known}]" if known else "")
            setattr(company, field, input(f"{question}: ").strip() or known)
            try:
                company.clean_fields(exclude=others)
                company.clean()
            except ValidationError as exc:
                self.stderr.write("; ".join(exc.messages))
                setattr(company, field, known)
            else:
                return

    def _set_up_admin(self, options: dict[str, Any]) -> str:
        username = options["admin"] or self._ask_admin(options)
        known = User.objects.filter(username=username).first()
        if known is not None and known.role != Role.ADMIN:
            raise CommandError(f"{username} is there already and is no administrator")
        if known is not None:
            return f"admin   {username} is there already"
        password, shown = self._password(options, username)
        User.objects.create_superuser(
            username, options["admin_email"], password, role=Role.ADMIN.value
        )
        return f"admin   {username}{shown}"

    def _ask_admin(self, options: dict[str, Any]) -> str:
        first = User.objects.filter(role=Role.ADMIN, is_active=True).order_by("pk").first()
        if first is not None:
            return first.username
        if not options["interactive"]:
            raise CommandError("there is no administrator yet: --admin USERNAME")
        said = input("Administrator's user name [admin]: ").strip()
        options["admin_email"] = options["admin_email"] or input("Their email address: ").strip()
        return said or "admin"

    def _password(self, options: dict[str, Any], username: str) -> tuple[str, str]:
        """The password, and what to print of it: all of one that nobody else has seen."""
        given = os.environ.get("ATW_ADMIN_PASSWORD", "")
        if not given and not options["interactive"]:
            made = secrets.token_urlsafe(15)
            return made, f", password {made} (shown once)"
        password = given or getpass("Their password: ")
        validate_password(password, User(username=username))
        if not given and getpass("The same again: ") != password:
            raise CommandError("the two passwords differ")
        return password, ""

    def _wants_demo(self, options: dict[str, Any]) -> bool:
        if options["demo"] is not None or settings.PRODUCTION or not options["interactive"]:
            return bool(options["demo"])
        return input("Fill it with demo data? [y/N] ").strip().lower() in {"y", "yes"}
