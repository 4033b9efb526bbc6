"""`manage.py simulate`: demo drivers that drive along roads and live through whole trips."""

import json
import os
import sys
import tempfile
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.environment import BASE_DIR
from trips.demo import NotADemo, seed

STDIN = 0


class Command(BaseCommand):
    help = (
        "Tops up the demo data, then lets a fleet drive against the running server over HTTP,"
        " until --seconds are over or it is stopped. Prints a summary."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--vehicles", type=int, default=25)
        parser.add_argument("--rate", type=float, default=1.0, help="fixes per second of a phone")
        parser.add_argument("--seconds", type=float, default=0.0, help="0: until stopped")
        parser.add_argument(
            "--time-scale", type=float, default=1.0, help="drive so many times faster than real"
        )
        parser.add_argument(
            "--faults",
            action="store_true",
            help="bad networks: late batches, duplicates, disorder, lost answers, jumps",
        )
        parser.add_argument("--base-url", default=settings.BASE_URL)
        parser.add_argument("--seed", type=int, help="of the random numbers")
        parser.add_argument("--json", action="store_true", help="print the summary as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            credentials = seed(vehicles=options["vehicles"])
        except NotADemo as error:
            raise CommandError(str(error)) from None
        names = ("base_url", "vehicles", "seconds", "time_scale", "faults", "seed")
        order = {
            "options": {name: options[name] for name in names}
            | {"rate_hz": options["rate"], "streets": settings.STREETS_FILE},
            "credentials": credentials,
            "json": options["json"],
        }
        _become("trips.simulator", order)


def _become(module: str, order: dict[str, Any]) -> None:
    """Replace this process by `python -m module` reading `order` on standard input.

    Same process id, so signals arrive; without Django it takes half of the memory.
    """
    with tempfile.TemporaryFile() as file:
        file.write(json.dumps(order).encode())
        file.seek(0)
        os.dup2(file.fileno(), STDIN)
    path = os.pathsep.join(filter(None, [str(BASE_DIR), os.environ.get("PYTHONPATH")]))
    sys.stdout.flush()
    environment = os.environ | {"PYTHONPATH": path}
    os.execve(sys.executable, [sys.executable, "-m", module], environment)  # noqa: S606
