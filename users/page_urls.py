"""Addresses of the pages behind links in mails."""

from django.urls import path

from users import pages

urlpatterns = [path("unsubscribe/<str:signed>/", pages.unsubscribe, name="unsubscribe")]
