"""Row 8: a thousand completions while the worker that invoices is killed again and again."""

from __future__ import annotations

import os
import re
import signal
import time
from collections import Counter

from billing.models import Invoice, InvoiceCounter
from prove.completions import at_the_door
from prove.row import Outcome, Row, scaled
from prove.stack import Stack
from tests.cast import open_company
from trips.lifecycle import Action
from trips.models import Delivery
from trips.tasks import sweep
from users.models import Notification

COMPLETIONS, KILLS = 1_000, 20
DOWN_S = 1.0
#: All deliveries and mails, in the time of a mail server that takes one after the other.
DONE_WITHIN_S = 280.0


def run(stack: Stack, seed: int, scale: float) -> Outcome:
    """Every trip gets one invoice and its payer one mail with it."""
    stack.start(web=1, workers=("high", "normal", "low"), beat=True)
    cast, out = open_company(), Outcome()
    count, kills = scaled(COMPLETIONS, scale, 20), scaled(KILLS, scale, 2)
    trips = at_the_door(cast, count, email="quinn@home.invalid")
    for n in range(kills):
        for trip in trips[n::kills]:
            cast.tap(trip, Action.COMPLETE)
        # It has just been given something to do.
        _kill(stack)
    seconds = _wait_done()
    for _ in range(2):
        sweep()
    _wait_done()
    _judge(out, stack, count)
    out.note("seconds after the last completion", seconds)
    out.note("kills", kills)
    begun_again = Delivery.objects.filter(attempts__gt=1).count()
    out.control("control: reactions that had to be begun again", begun_again)
    return out


def _kill(stack: Stack) -> None:
    """kill -9, a second in which nobody works, and a new start."""
    worker = stack.workers["normal"]
    os.kill(worker.pid, signal.SIGKILL)
    worker.gone()
    time.sleep(DOWN_S)
    worker.start()


def _wait_done() -> float:
    """Until nothing is owed any more; the seconds that it took."""
    since = time.monotonic()
    while time.monotonic() - since < DONE_WITHIN_S:
        owed = Delivery.objects.filter(state=Delivery.State.PENDING)
        mails = Notification.objects.filter(state__in=("queued", "claimed"))
        if not owed.exists() and not mails.exists():
            break
        time.sleep(0.5)
    return time.monotonic() - since


def _judge(out: Outcome, stack: Stack, count: int) -> None:
    invoices = list(Invoice.objects.order_by("number").values_list("number", "trip_id"))
    numbers = [int(re.findall(r"\d+", number)[-1]) for number, _ in invoices]
    out.expect("invoices", len(invoices), count)
    out.expect("trips with an invoice", len({trip for _, trip in invoices}), count)
    gaps = sorted(set(range(1, count + 1)) ^ set(numbers))
    out.faults("numbers missing or too many", [str(number) for number in gaps])
    out.expect("the counter's last", sum(c.last for c in InvoiceCounter.objects.all()), count)
    with_pdf = [mail for mail in stack.mails() if any(mail.iter_attachments())]
    told = Counter(file.get_filename() for mail in with_pdf for file in mail.iter_attachments())
    out.expect("mails with an invoice", len(with_pdf), count)
    out.faults("invoices mailed twice", [str(name) for name, n in told.items() if n > 1])
    dead = Delivery.objects.filter(state=Delivery.State.DEAD)
    out.faults("deliveries buried", [f"{d.topic} {d.subscriber} {d.error}" for d in dead[:5]])


ROW = Row(
    8,
    fault="1,000 completions, normal worker killed x20, sweep twice",
    reach="1,000 invoices, gapless, 0 double mails",
    bound_s=300,
    run=run,
    quick=0.03,
)
