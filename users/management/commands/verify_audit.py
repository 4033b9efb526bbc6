"""`manage.py verify_audit`: whether the audit's changes are what was written."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand

from users.audit.verify import count, verify


class Command(BaseCommand):
    help = (
        "Checks each month's chain of changes; lists rows that were altered, removed or inserted"
        " since they were written, and exits with 1 if there are any."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--month", type=_month, help="This month only, like 2026-11.")

    def handle(self, *args: Any, **options: Any) -> None:
        found = 0
        for month, number, fault in verify(options["month"]):
            found += 1
            self.stdout.write(f"{month:%Y-%m} change {number}: {fault.value}")
        self.stdout.write(f"{count()} changes: {found} faults")
        if found:
            raise SystemExit(1)


def _month(text: str) -> date:
    return date.fromisoformat(f"{text}-01")
