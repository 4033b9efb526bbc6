from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("trips", "0009_standing_orders")]

    operations = []
