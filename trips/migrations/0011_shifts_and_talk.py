from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("trips", "0010_eta")]

    operations = []
