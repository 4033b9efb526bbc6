"""`manage.py export_protocol`: the socket protocol's documents below docs/protocol/."""

from django.conf import settings
from django.core.management.base import BaseCommand

from trips.protocol import exported


class Command(BaseCommand):
    help = "Write docs/protocol/asyncapi.yaml, schema/*.json and frames.d.ts from the code."
    requires_system_checks = []

    def handle(self, *args: object, **options: object) -> None:
        for name, text in exported().items():
            path = settings.BASE_DIR / "docs/protocol" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            self.stdout.write(str(path.relative_to(settings.BASE_DIR)))
