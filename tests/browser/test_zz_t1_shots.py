import pytest
from datetime import timedelta
from django.utils import timezone
from tests.browser.chromium import page_at
from tests.browser.test_biller import sign_in
from tests.browser.test_desk_new_trip import *
from tests.browser.test_desk_import import manifest
from tests.fixtures_processes import CeleryWorker
from trips.standing_orders import services
from trips.models import Holiday
pytestmark = pytest.mark.django_db(transaction=True)
def test_x(web_server, celery_worker_process: CeleryWorker, cast):
    known_places()
    for i, name in enumerate(("Sahlgrenska University Hospital, Blå stråket 5, Göteborg","Östra sjukhuset","Linnégatan 14","Home of Tove, Storgatan 3 B")):
        places.pick(facility_id=None, address=name, point=(57.69+i/100, 11.95+i/90))
    trip = cast.trip_in("scheduled")
    today = timezone.localdate()
    Holiday.objects.create(day=today + timedelta(days=3), name="A day off")
    b = dict(patient=cast.patient, pickup_address="Götgatan 12", pickup_latitude=PICKUP[0], pickup_longitude=PICKUP[1], dropoff_address="Eastside Dialysis", dropoff_latitude=DROPOFF[0], dropoff_longitude=DROPOFF[1])
    from datetime import time
    o = services.create(user=cast.dina, fields=dict(b, rule="FREQ=WEEKLY;BYDAY=MO,WE,FR", first_day=today, pickup_time=time(8), return_kind="will_call", except_holidays=True, notes="", needs=[])).order
    services.pause(user=cast.dina, order_id=o.pk, first=today+timedelta(days=9), last=today+timedelta(days=12), reason="hospital")
    services.create(user=cast.hugo, fields=dict(b, rule="FREQ=MONTHLY;BYDAY=TU;BYSETPOS=1", first_day=today, pickup_time=time(9), facility=cast.facility))
    with page_at(web_server.base_url) as (page, complaints):
        sign_in(page, "dina", "/dispatch/places/")
        page.wait_for_url("**/dispatch/places/")
        def shots(name, *, go=None, act=None, sizes=(1440, 390), schemes=("light","dark")):
            for size in sizes:
                for scheme in schemes:
                    if (size, scheme) in ((390,"light"),): continue
                    page.emulate_media(color_scheme=scheme); page.set_viewport_size({"width":size,"height":900})
                    if go: page.goto(go)
                    page.wait_for_timeout(2500)
                    if act: act()
                    page.wait_for_timeout(300)
                    page.screenshot(path=f"/tmp/T1/{name}-{size}-{scheme}.png", full_page=True)
                    w=page.evaluate("[document.documentElement.scrollWidth,document.documentElement.clientWidth]")
                    if w[0]>w[1]: print("OVERFLOW",name,size,w)
        shots("edit", go=f"/dispatch/trips/{trip.pk}/edit/")
        shots("order", go=f"/dispatch/standing-orders/{o.pk}/", act=lambda: page.locator("#change").evaluate("e=>e.open=true"), schemes=("light",), sizes=(1440,))
        shots("order", go=f"/dispatch/standing-orders/{o.pk}/", schemes=("dark",), sizes=(390,))
        shots("orders", go="/dispatch/standing-orders/")
        def fill():
            choose(page, "Patient", "pia", "Pia Ek"); choose(page, "Drop-off", "eastside", "Eastside Dialysis")
            page.get_by_label("Pick-up time").fill("09:00"); page.get_by_label("Way back", exact=True).select_option("timed")
            page.wait_for_timeout(2500); page.keyboard.press("Control+Enter"); page.wait_for_timeout(1000)
            field(page, "Pick-up").fill("s"); field(page, "Pick-up").fill("sa"); page.wait_for_timeout(1200)
        shots("newfull", go="/dispatch/trips/new/", act=fill)
        def chk():
            page.get_by_label("File", exact=True).set_input_files([manifest("25:00")])
            page.get_by_role("button", name="Check the file").click()
            page.locator("#error-rows tr").first.wait_for(timeout=30000)
        shots("imported", go="/dispatch/import/", act=chk)
        shots("placesfull", go="/dispatch/places/", act=lambda: page.locator(".place-row").first.click())
        page.context.add_cookies([{"name":"django_language","value":"es","url":web_server.base_url}])
        shots("es", go="/dispatch/trips/new/", sizes=(768,), schemes=("light",))
        print(complaints)
    assert 0
