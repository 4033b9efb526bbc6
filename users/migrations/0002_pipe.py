import django.db.models.deletion
import django.db.models.functions.text
import users.models.webhooks
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('trips', '0001_initial'),
        ('users', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Preference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.EmailField(blank=True, help_text='For people without an account.', max_length=254)),
                ('kind', models.CharField(blank=True, help_text='Empty: all that is optional.', max_length=64)),
                ('channel', models.CharField(max_length=16)),
                ('wanted', models.BooleanField()),
                ('changed_at', models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.CreateModel(
            name='SuppressedAddress',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.EmailField(max_length=254, unique=True)),
                ('reason', models.CharField(choices=[('bounce', 'Bounce'), ('complaint', 'Complaint')], max_length=16)),
                ('code', models.CharField(blank=True, help_text='As reported, e.g. 5.1.1.', max_length=16)),
                ('reported_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'verbose_name_plural': 'suppressed addresses',
            },
        ),
        migrations.CreateModel(
            name='WebhookDelivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('topic', models.CharField(max_length=32)),
                ('subject_id', models.BigIntegerField(help_text="The trip's event.")),
                ('payload', models.JSONField(help_text='Ids, times and states.')),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('delivered', 'Delivered'), ('failed', 'Failed')], default='queued', max_length=16)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('due_at', models.DateTimeField()),
                ('response_code', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('error', models.CharField(blank=True, max_length=64)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('delivered_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name_plural': 'webhook deliveries',
            },
        ),
        migrations.CreateModel(
            name='WebhookEndpoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('url', models.URLField(max_length=500)),
                ('secret', models.CharField(default=users.models.webhooks.new_secret, max_length=64)),
                ('topics', models.JSONField(blank=True, default=list, help_text='E.g. ["trip.completed"]; empty: all.')),
                ('is_active', models.BooleanField(default=True)),
                ('failures', models.PositiveSmallIntegerField(default=0, help_text='Deliveries given up in a row; too many switch it off.')),
                ('disabled_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.AddField(
            model_name='notification',
            name='give_up_at',
            field=models.DateTimeField(blank=True, help_text='Attempts end here; a server may be away for long.', null=True),
        ),
        migrations.AddField(
            model_name='user',
            name='push_target',
            field=models.CharField(blank=True, help_text="This person's topic or device at the push service.", max_length=128),
        ),
        migrations.AddField(
            model_name='user',
            name='quiet_from',
            field=models.TimeField(blank=True, help_text="Begin of this person's quiet hours; empty: the usual.", null=True),
        ),
        migrations.AddField(
            model_name='user',
            name='quiet_until',
            field=models.TimeField(blank=True, help_text='Their end. The same time as the begin: none at all.', null=True),
        ),
        migrations.AlterField(
            model_name='notification',
            name='channel',
            field=models.CharField(choices=[('in_app', 'In App'), ('email', 'Email'), ('sms', 'SMS'), ('push', 'Push')], max_length=16),
        ),
        migrations.AlterField(
            model_name='notification',
            name='state',
            field=models.CharField(choices=[('queued', 'Queued'), ('claimed', 'Claimed'), ('sent', 'Sent'), ('failed', 'Failed'), ('unknown', 'Unknown'), ('skipped', 'Skipped')], default='queued', max_length=16),
        ),
        migrations.AddIndex(
            model_name='notification',
            index=models.Index(condition=models.Q(('claimed_at__isnull', False)), fields=['claimed_at'], name='notification_claimed'),
        ),
        migrations.AddIndex(
            model_name='notification',
            index=models.Index(condition=models.Q(('address', ''), _negated=True), fields=['address', '-created_at'], name='notification_of_address'),
        ),
        migrations.AddField(
            model_name='preference',
            name='user',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='suppressedaddress',
            constraint=models.CheckConstraint(condition=models.Q(('address', django.db.models.functions.text.Lower('address'))), name='suppressed_in_lower_case'),
        ),
        migrations.AddField(
            model_name='webhookendpoint',
            name='facility',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='webhooks', to='trips.facility'),
        ),
        migrations.AddField(
            model_name='webhookdelivery',
            name='endpoint',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='users.webhookendpoint'),
        ),
        migrations.AddConstraint(
            model_name='preference',
            constraint=models.UniqueConstraint(fields=('user', 'address', 'kind', 'channel'), name='preference_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='preference',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('address', ''), ('user__isnull', False)), models.Q(('user__isnull', True), models.Q(('address', ''), _negated=True)), _connector='OR'), name='preference_of_somebody'),
        ),
        migrations.AddIndex(
            model_name='webhookdelivery',
            index=models.Index(condition=models.Q(('state', 'queued')), fields=['due_at'], name='webhook_delivery_due'),
        ),
        migrations.AddConstraint(
            model_name='webhookdelivery',
            constraint=models.UniqueConstraint(fields=('endpoint', 'topic', 'subject_id'), name='webhook_delivery_once'),
        ),
    ]
