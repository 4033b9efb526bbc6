"""`manage.py simulate_day`: a whole working day at high speed, in a database of its own."""

import json
import logging
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from trips.simulator.day.run import Outcome, Plan, simulate


class Command(BaseCommand):
    help = (
        "Simulates a day of a company (orders, offline phones, a broken vehicle, a broker that"
        " loses messages) in a new database, checks what must hold afterwards, and drops it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--trips", type=int, default=400)
        parser.add_argument("--vehicles", type=int, default=40)
        parser.add_argument("--seed", type=int, default=1, help="of the random numbers")
        parser.add_argument("--day", type=date.fromisoformat, help="YYYY-MM-DD; today")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["trips"] < 1 or options["vehicles"] < 1:
            raise CommandError("A day has at least one trip and one vehicle.")
        plan = Plan(
            options["day"] or timezone.localdate(),
            options["trips"],
            options["vehicles"],
            options["seed"],
        )
        logging.disable(logging.WARNING)
        kept = connection.settings_dict["NAME"]
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        try:
            outcome = simulate(plan)
        finally:
            connection.creation.destroy_test_db(kept, verbosity=0)
            logging.disable(logging.NOTSET)
        self._tell(outcome)

    def _tell(self, outcome: Outcome) -> None:
        self.stdout.write(json.dumps(outcome.numbers, indent=1, default=str))
        self.stdout.write(f"{outcome.seconds:.1f} s, {len(outcome.faults)} faults")
        if outcome.faults:
            raise CommandError("\n".join(outcome.faults))
