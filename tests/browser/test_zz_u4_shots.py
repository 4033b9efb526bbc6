from __future__ import annotations
import os
import pytest
from datetime import timedelta
from django.utils import timezone
from tests.browser.driver_phone import phone_at
from tests.cast import Cast
from tests.fixtures_processes import WebServer
from users import enrolment
from trips.models import Patient, Company, Shift

pytestmark = pytest.mark.django_db(transaction=True)

def test_shots(web_server: WebServer, cast: Cast) -> None:
    cast.patient.phone = "+46 31 123 45 67"; cast.patient.save()
    Company.objects.update(phone="+46 31 700 70 70")
    a = cast.trip_in("assigned", mobility="wheelchair", needs=["oxygen", "stairs"], escorts=1, notes="Second floor, the lift is out of order. Ring twice.", scheduled_at=timezone.now() + timedelta(minutes=5))
    other = Patient.objects.create(name="Alexandra Konstantinopoulou-Wennergren")
    b = cast.trip_in("assigned", patient=other, scheduled_at=timezone.now() + timedelta(minutes=65))
    codes = [enrolment.invite(user=cast.omar, by=cast.dina)]
    w = int(os.environ.get("W", "390")); h = int(os.environ.get("H", "844"))
    scheme = os.environ.get("SCHEME", "light")
    n = 0
    loc = os.environ.get("LOC", "en-US")
    with phone_at(web_server.base_url, width=w, height=h, color_scheme=scheme, locale=loc, device_scale_factor=1) as (page, c):
        def shot(name: str, full=False) -> None:
            page.wait_for_timeout(350)
            page.screenshot(path=f"/tmp/u4/shots/{w}-{scheme}-{loc[:2]}-{name}.png", full_page=full)
            ov = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            if ov > 0: print("OVERFLOW", name, ov)
        page.goto("/driver/"); page.wait_for_selector("#screen form, #screen details"); shot("1-signin")
        page.goto(f"/driver/enrol/#{codes[0]}"); page.reload(); page.wait_for_selector("button.primary"); shot("2-enrol")
        page.click("button.primary")
        page.wait_for_selector(".trip h1"); page.wait_for_timeout(800); shot("3-day")
        print("link:", page.inner_text("#link"))
        page.click("[data-action=start]"); page.wait_for_timeout(600)
        page.click("[data-action=arrive_pickup]"); page.wait_for_timeout(600); shot("4-door")
        page.click("[data-action=no_show]"); shot("5-noshow"); page.click("dialog button.quiet")
        page.click(".proof button >> nth=0"); page.wait_for_timeout(200)
        box = page.locator("canvas.pad").bounding_box()
        page.mouse.move(box["x"]+40, box["y"]+90); page.mouse.down()
        for i in range(30): page.mouse.move(box["x"]+40+i*7, box["y"]+90+((i%5)-2)*18)
        page.mouse.up(); shot("6-sign"); page.click("dialog button.primary")
        page.context.set_offline(True); page.click("[data-action=pick_up]"); page.wait_for_timeout(500); shot("7-offline")
        page.click("#menu"); shot("8-menu"); page.click("dialog button.primary")
        page.reload(); page.wait_for_selector(".trip h1"); shot("9-reloaded-offline")
        page.context.set_offline(False); page.wait_for_timeout(4000); shot("10-back")
        print("link:", page.inner_text("#link"))
        page.click("#menu"); page.click("dialog >> text=/GPS/"); shot("11-help"); page.click("dialog button.primary"); page.wait_for_selector("dialog a.button"); shot("12-pair"); page.click("dialog button.quiet")
        print(c)
