"""Every page, light and dark, passes axe-core, prints no error and asks nobody else."""

from __future__ import annotations

from typing import Literal

import pytest
from django.test import Client
from playwright.sync_api import Page

from tests.browser.axe import violations
from tests.browser.chromium import page_at
from tests.browser.company import open_company, person
from tests.fixtures_processes import WebServer
from trips import links
from trips.models import Patient
from users.models import User
from users.roles import Role

pytestmark = pytest.mark.django_db(transaction=True)

DISPATCH = ("/dispatch/", "/dispatch/setup/")
BILLING = (
    "/billing/",
    "/billing/payments/",
    "/billing/payments/new/",
    "/billing/payments/remittance/",
    "/billing/aging/",
    "/billing/unpriced/",
    "/billing/findings/",
    "/billing/batches/",
    "/manage/",
)
OWN = ("/me/", "/me/book/", "/me/invoices/", "/me/notices/", "/me/settings/")
NOBODY = ("/accounts/login/", "/accounts/password_reset/")
#: Until scripts have drawn their first words.
SETTLES_MS = 700
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def test_every_page_can_be_used_by_everybody(web_server: WebServer) -> None:
    board = open_company()
    ada, pia = person("ada", "Ada", Role.ADMIN), person("pia", "Pia", Role.PATIENT)
    Patient.objects.filter(trips=board.trip).update(user=pia)
    track = (f"/track/{links.sign(board.trip.pk)}/",)
    visits = [(ada, DISPATCH + BILLING), (pia, OWN), (board.omar, ("/driver/",))]
    sessions = {user: _session(user) for user, _ in visits}
    with page_at(web_server.base_url) as (page, complaints):
        wrong = [
            (path, scheme, found)
            for user, paths in [*visits, (None, NOBODY + track)]
            for path in paths
            for scheme in SCHEMES
            for found in _faults(
                page, sessions[user] if user else "", path, scheme, web_server.base_url
            )
        ]
        assert wrong == []
        assert complaints.errors == []
        assert complaints.foreign_requests == []


def _session(user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value


def _faults(
    page: Page, session: str, path: str, scheme: Literal["light", "dark"], base_url: str
) -> list[str]:
    page.context.clear_cookies()
    if session:
        page.context.add_cookies([{"name": "sessionid", "value": session, "url": base_url}])
    page.emulate_media(color_scheme=scheme)
    page.goto(path)
    page.wait_for_timeout(SETTLES_MS)
    return violations(page)
