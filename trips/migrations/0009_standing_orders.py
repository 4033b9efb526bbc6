import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('trips', '0008_evidence'),
        ('users', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Holiday',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(unique=True)),
                ('name', models.CharField(max_length=120)),
            ],
        ),
        migrations.CreateModel(
            name='StandingOrder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('series', models.ForeignKey(blank=True, help_text='The first order of its line; empty for that one itself.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='successors', to='trips.standingorder')),
                ('version', models.PositiveIntegerField(default=0)),
                ('approved_at', models.DateTimeField(blank=True, help_text='Empty: requested, and no trips are made yet.', null=True)),
                ('rule', models.CharField(help_text='RFC 5545, e.g. FREQ=WEEKLY;BYDAY=MO,WE.', max_length=200)),
                ('anchor_day', models.DateField(help_text='Where intervals are counted from.')),
                ('first_day', models.DateField()),
                ('last_day', models.DateField(blank=True, help_text='Included. Before the first day: it never began.', null=True)),
                ('pickup_time', models.TimeField(help_text="By the company's clock.")),
                ('appointment_time', models.TimeField(blank=True, null=True)),
                ('return_kind', models.CharField(choices=[('none', 'None'), ('timed', 'Timed'), ('will_call', 'Will Call')], default='none', help_text='How they get back.', max_length=9)),
                ('return_time', models.TimeField(blank=True, help_text='Earlier than the pick-up: on the next day.', null=True)),
                ('except_holidays', models.BooleanField(default=False)),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='standing_orders', to='trips.patient')),
                ('facility', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='trips.facility')),
                ('payer', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='trips.payer')),
                ('bill_to', models.CharField(blank=True, choices=[('payer', 'Payer'), ('facility', 'Facility'), ('patient', 'Patient')], max_length=8)),
                ('copay_cents', models.PositiveIntegerField(default=0, help_text='A leg.')),
                ('authorization_number', models.CharField(blank=True, max_length=64)),
                ('mobility', models.CharField(choices=[('ambulatory', 'Ambulatory'), ('wheelchair', 'Wheelchair'), ('bariatric_wheelchair', 'Bariatric Wheelchair'), ('stretcher', 'Stretcher'), ('bariatric_stretcher', 'Bariatric Stretcher')], default='ambulatory', max_length=24)),
                ('needs', models.JSONField(blank=True, default=list)),
                ('escorts', models.PositiveSmallIntegerField(default=0)),
                ('notes', models.TextField(blank=True)),
                ('window_minutes', models.PositiveSmallIntegerField(default=30)),
                ('pickup_address', models.CharField(max_length=250)),
                ('pickup_latitude', models.FloatField()),
                ('pickup_longitude', models.FloatField()),
                ('dropoff_address', models.CharField(max_length=250)),
                ('dropoff_latitude', models.FloatField()),
                ('dropoff_longitude', models.FloatField()),
                ('materialised_until', models.DateField(blank=True, help_text='Trips are made up to here; empty: to be done again.', null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('return_kind', 'timed'), ('return_time__isnull', False)), models.Q(models.Q(('return_kind', 'timed'), _negated=True), ('return_time__isnull', True)), _connector='OR'), name='standing_order_return_time'), models.CheckConstraint(condition=models.Q(('pickup_latitude__range', (-90, 90)), ('pickup_longitude__range', (-180, 180))), name='standing_order_pickup_on_earth'), models.CheckConstraint(condition=models.Q(('dropoff_latitude__range', (-90, 90)), ('dropoff_longitude__range', (-180, 180))), name='standing_order_dropoff_on_earth')],
            },
        ),
        migrations.CreateModel(
            name='StandingOrderSkip',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='skips', to='trips.standingorder')),
                ('day', models.DateField()),
                ('reason', models.CharField(blank=True, max_length=200)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('order', 'day'), name='standing_order_skip_once')],
            },
        ),
        migrations.CreateModel(
            name='StandingOrderPause',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='pauses', to='trips.standingorder')),
                ('first_day', models.DateField()),
                ('last_day', models.DateField(blank=True, null=True)),
                ('reason', models.CharField(help_text='E.g. hospitalised. Stays here.', max_length=200)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('last_day__isnull', True), ('last_day__gte', models.F('first_day')), _connector='OR'), name='standing_order_pause_in_order')],
            },
        ),
        migrations.CreateModel(
            name='StandingOrderEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='trips.standingorder')),
                ('version', models.PositiveIntegerField()),
                ('kind', models.CharField(choices=[('created', 'Created'), ('approved', 'Approved'), ('changed', 'Changed'), ('succeeded', 'Succeeded'), ('paused', 'Paused'), ('resumed', 'Resumed'), ('skipped', 'Skipped'), ('restored', 'Restored'), ('ended', 'Ended')], max_length=9)),
                ('actor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL)),
                ('at', models.DateTimeField()),
                ('data', models.JSONField(default=dict)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('order', 'version'), name='standing_order_version')],
            },
        ),
        migrations.AddField(
            model_name='trip',
            name='standing_order',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='trips', to='trips.standingorder'),
        ),
        migrations.AddField(
            model_name='trip',
            name='service_date',
            field=models.DateField(blank=True, help_text='Its day; empty again where the order took the trip back.', null=True),
        ),
        migrations.AddField(
            model_name='trip',
            name='leg',
            field=models.CharField(blank=True, choices=[('outbound', 'Outbound'), ('return', 'Return')], max_length=8),
        ),
        migrations.AddConstraint(
            model_name='trip',
            constraint=models.UniqueConstraint(condition=models.Q(('standing_order__isnull', False)), fields=('standing_order', 'service_date', 'leg'), name='trip_of_standing_order_once'),
        ),
    ]
