"""`/accounts/password_reset/`: who forgot their password asks for a link to choose a new one."""

import time

from django import forms
from django.conf import settings
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.views import PasswordResetConfirmView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from config.limits import limited
from users.guarded_login import owner_at
from users.models import User
from users.pipe import mail

#: One mail to a person in this time, however often somebody asks.
ONCE_IN_S = 900
#: Each answer takes so long, whether there is somebody to write to or not.
ANSWER_AFTER_S = 0.3


class ResetForm(forms.Form):
    """Where the link goes, if there is an account of that address."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def ask(request: HttpRequest) -> HttpResponse:
    """The same answer whether there is such an account or not."""
    return _asked(request) if request.method == "POST" else _page(request, ResetForm())


@limited("reset", lambda: settings.RESET_RATE)
def _asked(request: HttpRequest) -> HttpResponse:
    begun = time.monotonic()
    form = ResetForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    window = int(time.time() // ONCE_IN_S)
    for user in User.objects.filter(email__iexact=form.cleaned_data["email"], is_active=True):
        mail(kind="password_reset", key=f"reset:{user.pk}:{window}", user=user)
    time.sleep(max(0.0, begun + ANSWER_AFTER_S - time.monotonic()))
    return redirect("password_reset_done")


def _page(request: HttpRequest, form: ResetForm) -> HttpResponse:
    status = 400 if form.errors else 200
    return render(request, "registration/password_reset_form.html", {"form": form}, status=status)


class ChooseView(PasswordResetConfirmView):
    """The link's page. Who has it is the owner, and may log in from there though others guess."""

    def form_valid(self, form: "SetPasswordForm[User]") -> HttpResponse:
        response = super().form_valid(form)
        owner_at(form.user, self.request)
        return response
