"""Bea finds an invoice, reads why it says what it says, and records the money for it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from billing.models import Invoice
from tests.billing.claimed import company_papers, driven, look
from tests.billing.dues import owe
from tests.browser.chromium import Complaints, page_at
from tests.cast import PASSWORD, Cast
from tests.fixtures_processes import WebServer

pytestmark = pytest.mark.django_db(transaction=True)


def sign_in(page: Page, username: str, url: str) -> None:
    page.goto(url)
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/login/" not in url)


def is_quiet(complaints: Complaints) -> bool:
    """No console error (a violation of the policy is one), and nothing from elsewhere."""
    return complaints.errors == [] == complaints.foreign_requests


def test_bea_records_a_payment_from_the_invoice_itself(web_server: WebServer, cast: Cast) -> None:
    invoice = Invoice.objects.get(trip=driven(cast))
    owe(cast, 5_000, due_in=-3, state="overdue")
    with page_at(web_server.base_url, webgl=False) as (page, complaints):
        sign_in(page, "bea", "/billing/")
        expect(page.get_by_role("heading", name="Invoices")).to_be_visible()
        page.get_by_role("link", name=invoice.number).click()
        page.get_by_text("Evidence").first.click()
        expect(page.locator("details[open] dd").first).to_be_visible()
        page.get_by_role("link", name="Record a payment").click()
        expect(page.get_by_label("Invoice", exact=True)).to_have_value(invoice.number)
        page.get_by_label("Reference").fill("CHK-7")
        page.get_by_role("button", name="Record").click()
        expect(page.get_by_role("status").first).to_contain_text("The payment was recorded.")
        page.get_by_role("link", name=invoice.number).click()
        expect(page.locator("h1")).to_contain_text("paid")
        expect(page.get_by_role("region", name="Ledger")).to_contain_text("CHK-7")
        assert is_quiet(complaints)


def test_bea_walks_through_all_pages_by_their_tabs(web_server: WebServer, cast: Cast) -> None:
    driven(cast)
    company_papers(cast)
    look(cast)
    with page_at(web_server.base_url, webgl=False) as (page, complaints):
        sign_in(page, "bea", "/billing/")
        tabs = page.get_by_role("navigation", name="Billing")
        for name in ("Payments", "Aging", "Unpriced", "Findings", "Claim batches"):
            tabs.get_by_role("link", name=name).click()
            expect(tabs.locator("[aria-current=page]")).to_have_text(name)
            fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
            page.set_viewport_size({"width": 390, "height": 800})
            assert page.evaluate(fits), name
            page.set_viewport_size({"width": 1440, "height": 900})
        assert is_quiet(complaints)
