"""Accounts, their tokens, and what was said to them."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from knox.models import AuthToken

from config.admin_base import History, word_filter
from users import mailer
from users.models import Notification, User
from users.notifications import MESSAGES, SUBJECTS
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
        ("Habits", {"fields": ("time_zone", "language")}),
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


@admin.register(Notification)
class NotificationAdmin(History):
    """What was said to whom. A mail that failed, or whose fate is unknown, can be sent again."""

    list_display = ("id", "kind", "channel", "user", "trip_id", "state", "attempts", "created_at")
    list_filter = ("state", "channel", word_filter("kind", {*SUBJECTS, *MESSAGES, "invoice"}))
    list_select_related = ("user",)
    number_fields = ("pk", "trip_id", "user_id")
    search_help_text = "Number of a notification, a trip or a user."
    actions = ("send_again",)

    @admin.action(description="Send the selected mails again", permissions=["repair"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Notification]) -> None:
        """Queue mails that failed; other rows are left alone."""
        count = mailer.send_again(queryset.values_list("pk", flat=True))
        messages.success(request, f"{count} mails queued again.")
