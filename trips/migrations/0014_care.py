"""Buried deliveries are counted by every scrape, and are few among millions."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("trips", "0013_attachments")]

    operations = [
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state", "dead")), fields=["id"], name="delivery_buried"
            ),
        ),
    ]
