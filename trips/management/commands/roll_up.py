"""`manage.py roll_up`: computes the reports' tables anew for some days."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from trips.queries import company_day
from trips.reports.rollup import roll_day


def day(word: str) -> date:
    """A day as 2026-11-20."""
    try:
        return date.fromisoformat(word)
    except ValueError:
        raise ArgumentTypeError(f"{word} is no day like 2026-11-20") from None


class Command(BaseCommand):
    help = "Computes daily and weekly numbers anew; without days: of the last week."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="first", type=day, help="the first day, 2026-11-20")
        parser.add_argument("--to", dest="last", type=day, help="the last day; today")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        last: date = options["last"] or company_day(now)
        first: date = options["first"] or last - timedelta(days=7)
        if first > last or last > company_day(now):
            raise CommandError("the days go from one to a later one, today at the latest")
        for n in range((last - first).days + 1):
            roll_day(first + timedelta(days=n), now)
            self.stdout.write(f"{first + timedelta(days=n)}")
        self.stdout.write(f"{n + 1} days rolled up")
