"""Rates to begin with, so that the first completed trip can be invoiced; edit them in the admin."""

from datetime import date

from django.db import migrations

DEFAULTS = {
    "ambulatory": (2_500, 300),
    "wheelchair": (4_500, 400),
    "bariatric_wheelchair": (6_500, 450),
    "stretcher": (12_000, 600),
    "bariatric_stretcher": (15_000, 700),
}


def add(apps, schema_editor):
    Rate = apps.get_model("billing", "Rate")
    for mobility, (base_cents, mile_cents) in DEFAULTS.items():
        Rate.objects.get_or_create(
            payer=None,
            mobility=mobility,
            valid_from=date(2020, 1, 1),
            defaults={
                "base_cents": base_cents,
                "mile_cents": mile_cents,
                "wait_increment_cents": 1_500,
            },
        )


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_initial")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
