from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("trips", "0007_working_day")]

    operations = []
