from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("trips", "0014_care")]

    operations = []
