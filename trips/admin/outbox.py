"""Background work: what is owed, what failed for good and can be tried again, long jobs."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from kombu.exceptions import OperationalError

from config.admin_base import History, word_filter
from config.subscriptions import SUBSCRIBERS, SUBSCRIPTIONS
from trips.events import relay
from trips.models import CodeSchedule, Delivery, TaskFailure, TaskRun
from trips.operations import failures


@admin.register(Delivery)
class DeliveryAdmin(History):
    """The outbox; `dead` is what failed too often."""

    list_display = (
        "id",
        "topic",
        "subject_id",
        "subscriber",
        "state",
        "attempts",
        "due_at",
        "error",
    )
    list_filter = (
        "state",
        word_filter("subscriber", SUBSCRIBERS),
        word_filter("topic", SUBSCRIPTIONS),
    )
    number_fields = ("pk", "subject_id")
    search_help_text = "Number of a delivery or of its subject."
    actions = ("retry",)

    @admin.action(description="Try the selected dead deliveries again", permissions=["repair"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Queue what is dead; other rows are left alone."""
        count = relay.revive(queryset.values_list("pk", flat=True))
        messages.success(request, f"{count} deliveries queued again.")


@admin.register(TaskFailure)
class TaskFailureAdmin(History):
    list_display = ("id", "task", "arguments", "error", "retries", "failed_at", "retried_at")
    list_filter = (("retried_at", admin.EmptyFieldListFilter), "failed_at")
    search_fields = ("=task_id", "=task")
    actions = ("retry",)

    @admin.action(description="Run the selected tasks again", permissions=["repair"])
    def retry(self, request: HttpRequest, queryset: QuerySet[TaskFailure]) -> None:
        """Queue what was not tried again yet; tasks without kept arguments are left alone."""
        try:
            count = failures.rerun(queryset.values_list("pk", flat=True))
        except OperationalError:
            messages.error(request, "The broker is away: try again when it is back.")
        else:
            messages.success(request, f"{count} tasks queued again.")


@admin.register(TaskRun)
class TaskRunAdmin(History):
    list_display = ("id", "task", "owner", "state", "current", "total", "created_at", "error")
    list_filter = ("state", "created_at")
    list_select_related = ("owner",)
    number_fields = ("owner_id",)
    search_help_text = "A user's number."
    ordering = ("-created_at",)


@admin.register(CodeSchedule)
class CodeScheduleAdmin(History):
    """Which periodic tasks came from the code; the tasks themselves are under Periodic tasks."""

    list_display = ("name", "retired_at")
    search_fields = ("name",)
    number_fields = ()
