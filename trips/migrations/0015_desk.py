"""Alarms are resolved: by whom, when, and what came of it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("trips", "0014_care"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "alert",
            "resolution",
            models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="What came of it; nothing about a patient.",
                max_length=250,
            ),
        ),
        migrations.AddField("alert", "resolved_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField(
            "alert",
            "resolved_by",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            "alert",
            models.CheckConstraint(
                condition=Q(resolved_by__isnull=True, resolved_at__isnull=True)
                | Q(resolved_by__isnull=False, resolved_at__isnull=False)
                & Q(acknowledged_at__isnull=False),
                name="alert_resolved_by_somebody",
            ),
        ),
    ]
