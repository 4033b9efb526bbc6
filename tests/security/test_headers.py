"""What every answer tells a browser, and what production adds."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from devtools.bootstrap import ROOT
from tests.cast import Cast
from trips.models import Attachment

pytestmark = pytest.mark.django_db

PAGES = ("/accounts/login/", "/dispatch/", "/driver/", "/api/trips/", "/api/docs/", "/nowhere/")


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_says_what_a_page_may_do(cast: Cast, path: str) -> None:
    browser = Client()
    browser.force_login(cast.dina)
    headers = browser.get(path).headers
    policy = headers["Content-Security-Policy"]
    for rule in (
        "default-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ):
        assert rule in policy
    assert "unsafe-inline" not in policy.partition("script-src")[2].partition(";")[0]
    assert "unsafe-eval" not in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "geolocation=(self)" in headers["Permissions-Policy"]


def test_a_picture_that_somebody_sent_runs_nothing(cast: Cast) -> None:
    trip = cast.trip_in("in_progress")
    name = default_storage.save("attachments/x.jpg", ContentFile(b"\xff\xd8\xff<script>"))
    row = Attachment.objects.create(
        trip=trip, sent_by=cast.omar, kind="photo", stop="pickup", client_event_id="x",
        occurred_at=timezone.now(), digest="x", state="ready", file=name, thumbnail=name,
    )  # fmt: skip
    browser = Client()
    browser.force_login(cast.dina)
    for kind in ("file", "thumbnail"):
        answer = browser.get(f"/api/attachments/{row.pk}/{kind}/")
        assert answer["Content-Type"] == "image/jpeg"
        assert answer["Content-Disposition"] == 'inline; filename="picture.jpg"'
        assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Cache-Control"] == "private, no-store"
    browser.force_login(cast.pia)
    assert browser.get(f"/api/attachments/{row.pk}/file/").status_code == 403


def test_no_page_sets_a_cookie_for_strangers_but_the_one_against_forgery(cast: Cast) -> None:
    assert list(Client().get("/accounts/login/").cookies) == ["csrftoken"]
    assert not Client().get("/healthz").cookies


def test_who_finds_a_hole_is_told_whom_to_tell(settings: Settings) -> None:
    path = "/.well-known/security.txt"
    assert Client().get(path).status_code == 404
    settings.SECURITY_CONTACT = "security@nordic.invalid"
    answer = Client().get(path)
    text = answer.content.decode()
    assert answer["Content-Type"].startswith("text/plain")
    assert "Contact: mailto:security@nordic.invalid\n" in text
    assert "\nExpires: " in text
    settings.SECURITY_CONTACT = "https://nordic.invalid/security"
    assert "Contact: https://nordic.invalid/security\n" in Client().get(path).content.decode()


ASK = """
import django; django.setup()
import json
from django.conf import settings
from django.test import Client
page = Client(headers={"host": "dispatch.example.org", "x-forwarded-proto": "https"})
names = ("SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE",
         "PROXIES", "DEBUG", "SESSION_COOKIE_HTTPONLY")
answer = page.get("/accounts/login/", secure=True)
plain = Client(headers={"host": "dispatch.example.org"}).get("/accounts/login/")
print(json.dumps({
    "settings": {name: getattr(settings, name) for name in names},
    "hsts": answer.headers.get("Strict-Transport-Security"),
    "cookies": {name: [bool(c["secure"]), c["path"], c["domain"]]
                for name, c in answer.cookies.items()},
    "plain": [plain.status_code, plain.headers.get("Location")],
}))
"""


@pytest.mark.django_db(transaction=True)
def test_production_insists_on_https_and_on_cookies_of_this_very_host(
    process_env: dict[str, str],
) -> None:
    keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    env = {
        **keep,
        "DATABASE_URL": process_env["DATABASE_URL"],
        "ATW_DATA": os.devnull,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ATW_ORIGINS": "https://dispatch.example.org",
    }
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["settings"] == {
        "SESSION_COOKIE_NAME": "__Host-session",
        "CSRF_COOKIE_NAME": "__Host-csrf",
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "SESSION_COOKIE_HTTPONLY": True,
        "PROXIES": 1,
        "DEBUG": False,
    }
    assert told["hsts"] == "max-age=31536000; includeSubDomains; preload"
    assert told["cookies"] == {"__Host-csrf": [True, "/", ""]}
    assert told["plain"] == [301, "https://dispatch.example.org/accounts/login/"]
