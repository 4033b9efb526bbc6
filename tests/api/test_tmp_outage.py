import time
import pytest
from tests.api.test_database_away import database_away
from tests.tracking.door import fix

pytestmark = pytest.mark.django_db(transaction=True)


def test_x(cast, door):
    trip = cast.trip_in("in_progress")
    headers = cast.headers(cast.omar)
    url = f"/api/trips/{trip.pk}/"
    door.post(trip, fix())
    with database_away():
        t = time.time()
        while time.time() - t < 45:
            print("away", door.http.get(url, headers=headers).status_code)
    t = time.time()
    while (s := door.http.get(url, headers=headers).status_code) != 200:
        time.sleep(0.2)
        assert time.time() - t < 100
    print("RECOVERED API", time.time() - t)
    while (s := door.post(trip, fix()).status_code) != 202:
        time.sleep(0.2)
    print("RECOVERED GPS", time.time() - t)
