"""The Celery app."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.textbook.settings")

from celery import Celery

app = Celery("textbook")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["bench.textbook"])
