"""Signing in a phone by a link: once, briefly, and until dispatch says otherwise."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.cast import Cast
from users import enrolment
from users.models import Enrolment

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_rates(settings: Any) -> None:
    settings.RATE_LIMITS = False


def enrol(code: str, **more: str) -> Any:
    body = {"code": code, **more}
    return Client().post("/api/auth/enrol/", body, content_type="application/json")


def day(token: str) -> int:
    headers = {"Authorization": f"Token {token}"}
    return Client().get("/api/driver/day/", headers=headers).status_code


def test_a_link_signs_in_one_phone_once(cast: Cast) -> None:
    code = enrolment.invite(user=cast.omar, by=cast.dina)
    answer = enrol(code, device_name="Android")
    assert answer.status_code == 200
    assert answer.json()["user"] == {"id": cast.omar.pk, "username": "omar", "role": "driver"}
    assert day(answer.json()["token"]) == 200
    assert enrol(code).status_code == 401


def test_only_hashes_are_kept(cast: Cast) -> None:
    code = enrolment.invite(user=cast.omar, by=cast.dina)
    token = enrol(code).json()["token"]
    row = Enrolment.objects.get()
    assert not {code, token} & {row.digest, row.token_digest}


def test_a_link_is_too_old_after_a_quarter_of_an_hour(cast: Cast) -> None:
    code = enrolment.invite(user=cast.omar, by=cast.dina)
    Enrolment.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert enrol(code).status_code == 401


def test_another_link_ends_the_one_before(cast: Cast) -> None:
    first = enrolment.invite(user=cast.omar, by=cast.dina)
    second = enrolment.invite(user=cast.omar, by=cast.dina)
    assert enrol(first).status_code == 401
    assert enrol(second).status_code == 200


def test_who_has_left_is_not_signed_in(cast: Cast) -> None:
    code = enrolment.invite(user=cast.omar, by=cast.dina)
    cast.disable(cast.omar)
    assert enrol(code).status_code == 401


@pytest.mark.parametrize("code", ["", "x", "ä" * 20, "../" * 9, "-", "A" * 128])
def test_what_is_no_code_is_refused(cast: Cast, code: str) -> None:
    assert enrol(code).status_code in (400, 401)


def test_dina_shows_a_code_and_signs_a_lost_phone_out(cast: Cast) -> None:
    dina = Client()
    dina.force_login(cast.dina)
    path = f"/dispatch/setup/driver/{cast.driver.pk}/app/"
    page = dina.post(path).content.decode()
    link = re.search(r'href="([^"]+)" id="enrol-link"', page)
    assert link is not None
    code = link[1].partition("/driver/enrol/#")[2]
    lost, other = enrol(code, device_name="Lost").json()["token"], cast.token(cast.omar)

    assert "Lost" in dina.get(path).content.decode()
    answer = dina.post(path, {"sign_out": Enrolment.objects.get().pk})
    assert answer.status_code == 302
    assert (day(lost), day(other)) == (401, 200)
    assert "Lost" not in dina.get(path).content.decode()


def test_a_number_of_another_drivers_phone_signs_nobody_out(cast: Cast) -> None:
    token = enrol(enrolment.invite(user=cast.eve, by=cast.dina)).json()["token"]
    dina = Client()
    dina.force_login(cast.dina)
    path = f"/dispatch/setup/driver/{cast.driver.pk}/app/"
    dina.post(path, {"sign_out": Enrolment.objects.get().pk})
    assert day(token) == 200
