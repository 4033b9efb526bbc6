"""Buried deliveries are counted by every scrape, and are few among millions."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Every tap writes to this table: the index is built beside them.
    atomic = False
    dependencies = [("trips", "0013_attachments")]

    operations = [
        AddIndexConcurrently(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state", "dead")), fields=["id"], name="delivery_buried"
            ),
        ),
    ]
