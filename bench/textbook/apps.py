"""The Django app."""

from django.apps import AppConfig


class TextbookConfig(AppConfig):
    """One app, named so that it never meets our own `trips`."""

    name = "bench.textbook"
    label = "textbook"
