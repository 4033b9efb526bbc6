"""`manage.py erase_patient 7`: erase what may go of one patient, and say what must stay."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.patient_data.erase import Refused, erase, reasons_against
from trips.models import Patient


class Command(BaseCommand):
    help = (
        "Erases a patient's name, addresses, needs, notes, photos and account; keeps what the"
        " law says must stay, and lists it. Without --yes it only says what stands against it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("patient", type=int, help="Its number.")
        parser.add_argument("--yes", action="store_true", help="Do it. It cannot be undone.")

    def handle(self, *args: Any, **options: Any) -> None:
        patient = Patient.objects.filter(pk=options["patient"]).first()
        if patient is None:
            raise CommandError(f"there is no patient {options['patient']}")
        if not options["yes"]:
            self.stdout.write("; ".join(reasons_against(patient)) or "nothing stands against it")
            return
        try:
            done = erase(patient.pk)
        except Refused as refused:
            raise CommandError(f"not erased: {refused}") from None
        for name, count in sorted(done.changed.items()):
            self.stdout.write(f"{count:6} {name} erased")
        for name, (count, why) in sorted(done.kept.items()):
            self.stdout.write(f"{count:6} {name} kept: {why}")
