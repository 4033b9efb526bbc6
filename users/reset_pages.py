"""`/accounts/password_reset/`: who forgot their password asks for a link to choose a new one."""

import time

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from users.models import User
from users.pipe import mail

#: One mail to a person in this time, however often somebody asks.
ONCE_IN_S = 900


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
    form = ResetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        window = int(time.time() // ONCE_IN_S)
        for user in User.objects.filter(email__iexact=form.cleaned_data["email"], is_active=True):
            mail(kind="password_reset", key=f"reset:{user.pk}:{window}", user=user)
        return redirect("password_reset_done")
    status = 400 if form.errors else 200
    return render(request, "registration/password_reset_form.html", {"form": form}, status=status)
