"""`manage.py verify_evidence`: whether the log of trips is what was written."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from trips.evidence.verify import Finding, Verified, verify
from trips.models import Trip


class Command(BaseCommand):
    help = (
        "Checks each trip's chain of events; lists rows that were altered, removed or inserted"
        " since they were written, and exits with 1 if there are any."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--trip", type=int, help="This trip only.")
        parser.add_argument("--json", action="store_true", help="One JSON object a line.")

    def handle(self, *args: Any, **options: Any) -> None:
        trip_id = options["trip"]
        if trip_id is not None and not Trip.objects.filter(pk=trip_id).exists():
            raise CommandError(f"there is no trip {trip_id}")
        looked_at, found = Verified(), 0
        for finding in verify(trip_id, looked_at):
            found += 1
            self.stdout.write(_line(finding, as_json=options["json"]))
        self.stdout.write(_summary(looked_at, found, as_json=options["json"]))
        if found:
            raise SystemExit(1)


def _line(finding: Finding, *, as_json: bool) -> str:
    fields = {"trip": finding.trip_id, "version": finding.version, "fault": finding.fault.value}
    if as_json:
        return json.dumps(fields)
    return "trip {trip} version {version}: {fault}".format(**fields)


def _summary(looked_at: Verified, found: int, *, as_json: bool) -> str:
    fields = {"trips": looked_at.trips, "events": looked_at.events, "faults": found}
    if as_json:
        return json.dumps(fields)
    return "{events} events of {trips} trips: {faults} faults".format(**fields)
