"""`manage.py seed_demo`: the demo company and today's trips, topped up by each run."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from trips.demo import NotADemo, seed


class Command(BaseCommand):
    help = "Creates or tops up the demo company; prints its logins. Refused in production."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--vehicles", type=int, default=25, help="each with a driver (25)")
        parser.add_argument("--trips", type=int, default=40, help="open trips at least (40)")
        parser.add_argument(
            "--history", type=int, default=0, metavar="DAYS", help="days before today, once (0)"
        )
        parser.add_argument("--json", action="store_true", help="print everything as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            seeded = seed(
                vehicles=options["vehicles"],
                trips=options["trips"],
                history_days=options["history"],
            )
        except NotADemo as exc:
            raise CommandError(str(exc)) from None
        if options["json"]:
            self.stdout.write(json.dumps(seeded))
            return
        for role, logins in seeded["users"].items():
            for login in logins[:2]:
                self.stdout.write(f"{role:10} {login['username']:10} {login['password']}")
        counts = ", ".join(f"{len(ids)} {status}" for status, ids in seeded["trips"].items())
        self.stdout.write(f"{len(seeded['vehicles'])} vehicles; trips: {counts}")
