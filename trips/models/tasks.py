"""What is known about background work: long jobs, failed tasks, periodic tasks of the code."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q


class TaskRun(models.Model):
    """One long job that a person asked for; its id is the Celery task's."""

    class State(models.TextChoices):
        PENDING = "PENDING"
        PROGRESS = "PROGRESS"
        SUCCESS = "SUCCESS"
        FAILURE = "FAILURE"
        REVOKED = "REVOKED"

    UNDER_WAY = (State.PENDING, State.PROGRESS)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="task_runs")
    task = models.CharField(max_length=128)
    parameters = models.JSONField(default=dict, help_text="Ids, numbers and days only.")
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    current = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    result = models.JSONField(default=dict, blank=True)
    error = models.CharField(max_length=200, blank=True)
    content = models.BinaryField(null=True, help_text="The result's file, gzipped.")
    created_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField(help_text="When the sweeper looks after it.")
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["owner", "-created_at"], name="task_run_of_owner"),
            models.Index(
                fields=["due_at"],
                condition=Q(state__in=["PENDING", "PROGRESS"]),
                name="task_run_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.pk}"


class TaskFailure(models.Model):
    """A plain task that failed for good (deliveries have their own state `dead`)."""

    task_id = models.CharField(max_length=64, unique=True)
    task = models.CharField(max_length=128)
    arguments = models.JSONField(
        null=True, blank=True, help_text="By name; empty where one is more than a number."
    )
    error = models.CharField(max_length=200, help_text="The exception's type, never its text.")
    retries = models.PositiveSmallIntegerField(default=0)
    failed_at = models.DateTimeField()
    retried_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["-failed_at"], name="task_failure_by_time")]

    def __str__(self) -> str:
        return f"{self.task} {self.task_id}: {self.error}"


class CodeSchedule(models.Model):
    """A periodic task that the code asked for, so that one that left it can be told apart."""

    name = models.CharField(max_length=200, primary_key=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name
