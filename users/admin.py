"""Accounts, their tokens, and what was said to them."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from knox.models import AuthToken

from config.admin_base import History, NumberSearch, word_filter
from users import mailer, webhooks
from users.kinds import KINDS
from users.models import (
    AuditChain,
    AuditEntry,
    Enrolment,
    Notification,
    Preference,
    SuppressedAddress,
    User,
    WebhookDelivery,
    WebhookEndpoint,
)
from users.roles import Role

# The role alone says what an account may do.
admin.site.unregister(Group)
admin.site.unregister(AuthToken)


class AddForm(AdminUserCreationForm):  # type: ignore[type-arg]
    class Meta(AdminUserCreationForm.Meta):
        model = User


class ChangeForm(UserChangeForm):  # type: ignore[type-arg]
    class Meta(UserChangeForm.Meta):
        model = User


@admin.register(User)
class UserAdmin(DjangoUserAdmin):  # type: ignore[type-arg]
    """Accounts are disabled, never deleted: the history names them."""

    add_form, form = AddForm, ChangeForm
    list_display = ("username", "first_name", "last_name", "role", "email", "is_active")
    list_filter = ("role", "is_active")
    search_fields = ("username", "first_name", "last_name", "email", "phone")
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password", "role", "is_active")}),
        ("Person", {"fields": ("first_name", "last_name", "email", "phone")}),
        (
            "Habits",
            {"fields": ("time_zone", "language", "quiet_from", "quiet_until", "push_target")},
        ),
        ("Times", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": (
                    "username",
                    "role",
                    "first_name",
                    "last_name",
                    "email",
                    "usable_password",
                    "password1",
                    "password2",
                ),
            },
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Nobody locks themselves out."""
        own = ("role", "is_active") if obj == request.user else ()
        return (*self.readonly_fields, *own)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Administrators get into the admin, others do not."""
        obj.is_staff = obj.is_superuser = obj.role == Role.ADMIN
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False


@admin.register(AuthToken)
class TokenAdmin(History):
    """Deleting a token revokes it: requests at once, open sockets within two seconds."""

    list_display = ("token_key", "user", "created", "expiry")
    list_select_related = ("user",)
    number_fields = ("user_id",)
    search_fields = ("user__username",)
    fields = ("user", "token_key", "created", "expiry")
    ordering = ("-created",)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Who may repair may revoke."""
        return self.has_repair_permission(request)


@admin.register(Enrolment)
class EnrolmentAdmin(History):
    """Links by which phones signed in. A phone is signed out by deleting its token."""

    list_display = ("id", "user", "device_name", "created_by", "created_at", "used_at")
    list_select_related = ("user", "created_by")
    number_fields = ("pk", "user_id")
    search_fields = ("user__username",)
    fields = ("user", "device_name", "created_by", "created_at", "expires_at", "used_at")


@admin.register(Notification)
class NotificationAdmin(History):
    """What was said to whom. What failed, or whose fate is unknown, can be sent again."""

    list_display = ("id", "kind", "channel", "user", "trip_id", "state", "attempts", "created_at")
    list_filter = ("state", "channel", word_filter("kind", KINDS))
    list_select_related = ("user",)
    number_fields = ("pk", "trip_id", "user_id")
    search_help_text = "Number of a notification, a trip or a user."
    actions = ("send_again",)

    @admin.action(description="Send the selected mails again", permissions=["repair"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Notification]) -> None:
        """Queue messages that failed; other rows are left alone."""
        count = mailer.send_again(queryset.values_list("pk", flat=True))
        messages.success(request, f"{count} mails queued again.")


@admin.register(Preference)
class PreferenceAdmin(History):
    """What people said that they want, or do not want, to hear. They change it themselves."""

    list_display = ("id", "user", "kind", "channel", "wanted", "changed_at")
    list_filter = ("wanted", "channel", word_filter("kind", KINDS))
    list_select_related = ("user",)
    number_fields = ("user_id",)
    search_help_text = "Number of a user."


@admin.register(SuppressedAddress)
class SuppressedAddressAdmin(History):
    """Addresses that bounced or complained. Deleting one lets mail go there again."""

    list_display = ("address", "reason", "code", "reported_at")
    list_filter = ("reason",)
    search_fields = ("address",)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Who may repair may release."""
        return self.has_repair_permission(request)


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(NumberSearch):
    """Where facilities' systems hear of trips. Made by the facilities; the key is not shown."""

    list_display = ("id", "facility", "url", "is_active", "failures", "disabled_at")
    list_filter = ("is_active",)
    list_select_related = ("facility",)
    number_fields = ("pk", "facility_id")
    fields = ("facility", "url", "topics", "is_active", "failures", "disabled_at", "created_at")
    readonly_fields = ("facility", "url", "failures", "disabled_at", "created_at")
    ordering = ("-pk",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody: the key would be known to nobody."""
        return False


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(History):
    """What was told to facilities' systems, and what they answered."""

    list_display = (
        "id",
        "endpoint",
        "topic",
        "state",
        "attempts",
        "response_code",
        "error",
        "created_at",
    )
    list_filter = ("state", word_filter("topic", webhooks.TOPICS))
    list_select_related = ("endpoint",)
    number_fields = ("pk", "endpoint_id", "subject_id")
    actions = ("deliver_again",)

    @admin.action(description="Deliver the selected ones again", permissions=["repair"])
    def deliver_again(self, request: HttpRequest, queryset: QuerySet[WebhookDelivery]) -> None:
        """Queue deliveries that were given up; others are left alone."""
        count = webhooks.deliver_again(queryset.values_list("pk", flat=True))
        messages.success(request, f"{count} deliveries queued again.")


@admin.register(AuditEntry)
class AuditEntryAdmin(History):
    """Who saw and who changed what. The database itself refuses to change a row."""

    list_display = ("id", "at", "action", "actor_id", "role", "route", "kind", "ids", "status")
    list_filter = (word_filter("action", AuditEntry.Action.values),)
    number_fields = ("pk", "actor_id")


@admin.register(AuditChain)
class AuditChainAdmin(History):
    """Months of changes: how many there are, and the last one's hash."""

    list_display = ("month", "length", "hash")
    number_fields = ("length",)
