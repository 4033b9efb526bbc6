"""The audit's rows. The table is made and partitioned by month in migration 0005."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class AuditEntry(models.Model):
    """One request or one opened socket. Ids and names of fields, never what they held.

    Changes have a `number` in their month's chain and both hashes; reads have none of these.
    """

    class Action(models.TextChoices):
        READ = "read"
        CREATE = "create"
        CHANGE = "change"
        DELETE = "delete"
        REFUSED = "refused"

    at = models.DateTimeField()
    action = models.CharField(max_length=8, choices=Action)
    actor_id = models.BigIntegerField(null=True, help_text="Empty: behind a signed link.")
    role = models.CharField(max_length=16, blank=True)
    address = models.GenericIPAddressField(null=True)
    route = models.CharField(max_length=200, help_text="Method and pattern, without values.")
    kind = models.CharField(max_length=64, help_text="What the ids are of: trips, patients.")
    ids = ArrayField(models.BigIntegerField())
    fields = ArrayField(models.CharField(max_length=64), help_text="What a change named.")
    status = models.PositiveSmallIntegerField()
    request_id = models.CharField(max_length=64, blank=True)
    number = models.BigIntegerField(null=True)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64, blank=True)

    class Meta:
        managed = False
        db_table = "users_auditentry"
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"audit entry {self.pk}"


class AuditChain(models.Model):
    """How many changes a month has, and the hash of the last one."""

    month = models.DateField(primary_key=True)
    length = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)

    class Meta:
        managed = False
        db_table = "users_auditchain"

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"
