"""Addresses of the pages behind links in mails."""

from django.urls import path

from users import own_pages, pages, reset_pages

urlpatterns = [
    path("unsubscribe/<str:signed>/", pages.unsubscribe, name="unsubscribe"),
    path("me/notices/", own_pages.notices_page, name="me-notices"),
    path("me/settings/", own_pages.settings_page, name="me-settings"),
    # Before Django's own of these names: ours goes through the mails' pipe.
    path("accounts/password_reset/", reset_pages.ask, name="password_reset"),
    path(
        "accounts/reset/<uidb64>/<token>/",
        reset_pages.ChooseView.as_view(),
        name="password_reset_confirm",
    ),
]
