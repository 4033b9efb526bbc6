from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("trips", "0011_shifts_and_talk")]

    operations = []
