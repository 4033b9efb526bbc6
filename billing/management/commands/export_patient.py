"""`manage.py export_patient 7 --to pia.zip`: all that is kept about one patient."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.patient_data.export import export
from trips.models import Patient


class Command(BaseCommand):
    help = "Writes all that is kept about a patient into a ZIP file that only you can read."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("patient", type=int, help="Its number.")
        parser.add_argument("--to", type=Path, required=True, help="The file; it must not exist.")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["to"]
        if not Patient.objects.filter(pk=options["patient"]).exists():
            raise CommandError(f"there is no patient {options['patient']}")
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise CommandError(f"cannot write {path}: {error.strerror}") from None
        with os.fdopen(handle, "wb") as file:
            counts = export(options["patient"], file)
        for name, count in counts.items():
            self.stdout.write(f"{count:6} {name}")
        self.stdout.write(f"written to {path}; it holds a patient's data")
