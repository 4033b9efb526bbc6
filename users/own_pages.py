"""`/me/notices/` and `/me/settings/`: what a patient or a facility was told, and wants to hear."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from trips.patient_app.own import own_page, user_of
from users import notices, preferences
from users.kinds import KINDS, Audience
from users.languages import LANGUAGES
from users.models import User
from users.roles import Role

ON_A_PAGE = 30
#: The kinds that patients and facilities hear of, in their words.
WORDS = {
    "booked": gettext_lazy("A trip is booked"),
    "time_changed": gettext_lazy("The time of a trip has changed"),
    "driver_changed": gettext_lazy("A trip has another driver"),
    "delayed": gettext_lazy("A trip is delayed"),
    "reminder": gettext_lazy("A reminder the day before"),
    "on_the_way": gettext_lazy("The driver is on the way"),
    "arrived": gettext_lazy("The driver is here"),
    "completed": gettext_lazy("A trip is complete"),
    "trip_cancelled": gettext_lazy("A trip was cancelled"),
    "trip_rejected": gettext_lazy("We cannot take a trip"),
    "no_show": gettext_lazy("The driver met nobody"),
    "trip_missed": gettext_lazy("A trip was missed"),
}
CHANNELS = {
    "email": gettext_lazy("E-mail"),
    "sms": gettext_lazy("Text message"),
    "push": gettext_lazy("Push"),
}


@require_http_methods(["GET", "HEAD", "POST"])
@own_page
def notices_page(request: HttpRequest) -> HttpResponse:
    """What one was told, the newest first; POST marks all as read."""
    user = user_of(request)
    if request.method == "POST":
        notices.mark_read(user.pk)
        return redirect("me-notices")
    rows = notices.of(user.pk).order_by("-pk")
    page = Paginator(rows, ON_A_PAGE).get_page(request.GET.get("page"))
    told = [{"row": row, "title": WORDS.get(row.kind, row.message)} for row in page]
    unread = rows.filter(read_at__isnull=True).count()
    context = {"page": page, "told": told, "unread": unread}
    return render(request, "users/own_notices.html", context)


class SettingsForm(forms.Form):
    """Language, zone and hours of one person."""

    language = forms.ChoiceField(choices=LANGUAGES, label=gettext_lazy("Language"))
    time_zone = forms.ChoiceField(required=False, label=gettext_lazy("Time zone"))
    quiet_from = forms.TimeField(
        required=False,
        label=gettext_lazy("Quiet from"),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    quiet_until = forms.TimeField(
        required=False,
        label=gettext_lazy("Quiet until"),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = [(name, name.replace("_", " ")) for name in sorted(available_timezones())]
        self.fields["time_zone"].choices = [  # type: ignore[attr-defined]
            ("", _("As the company")),
            *zones,
        ]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if (given.get("quiet_from") is None) != (given.get("quiet_until") is None):
            self.add_error("quiet_until", _("Quiet hours have a beginning and an end."))
        return given


@require_http_methods(["GET", "HEAD", "POST"])
@own_page
def settings_page(request: HttpRequest) -> HttpResponse:
    """Language, zone, quiet hours, and what one wants to hear through which channel."""
    user = user_of(request)
    fields = ("language", "time_zone", "quiet_from", "quiet_until")
    if request.method != "POST":
        form = SettingsForm(initial={name: getattr(user, name) for name in fields})
        return _settings(request, form, user, 200)
    form = SettingsForm(request.POST)
    if not form.is_valid():
        return _settings(request, form, user, 400)
    wanted = {
        kind: {channel: f"{kind}.{channel}" in request.POST for channel in channels}
        for kind, channels in _offered(user).items()
    }
    with transaction.atomic():
        preferences.choose(user, wanted)
        User.objects.filter(pk=user.pk).update(**form.cleaned_data)
    with translation.override(form.cleaned_data["language"]):
        messages.success(request, _("Your settings are saved."))
    return redirect("me-settings")


def _settings(request: HttpRequest, form: SettingsForm, user: User, status: int) -> HttpResponse:
    offered = _offered(user)
    channels = [name for name in CHANNELS if any(name in row for row in offered.values())]
    kinds = [
        {
            "label": WORDS[kind],
            "cells": [
                {
                    "name": f"{kind}.{name}",
                    "channel": CHANNELS[name],
                    "is_offered": name in chosen,
                    "is_wanted": chosen.get(name, False),
                }
                for name in channels
            ],
        }
        for kind, chosen in offered.items()
    ]
    titles = [CHANNELS[name] for name in channels]
    context = {"form": form, "kinds": kinds, "channels": titles}
    return render(request, "users/own_settings.html", context, status=status)


def _offered(user: User) -> dict[str, dict[str, bool]]:
    """{kind: {channel: wanted}} of what this person's role is told at all."""
    audience = Audience.FACILITY if user.role == Role.FACILITY else Audience.PATIENT
    return {
        kind: dict(channels)
        for kind, channels in preferences.choices_of(user).items()
        if kind in WORDS and set(channels) & set((KINDS[kind].told or {}).get(audience, ()))
    }
