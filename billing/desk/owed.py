"""What is owed and by whom; and trips that wait for a price."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from billing.aging import BUCKETS, aging, totals
from billing.desk.common import billers_only, page_of, told, user_of
from billing.invoices import issue_invoice
from billing.models import Invoice, Payment, UnpricedTrip
from trips.queries import company_day
from trips.reports import charts

#: Each bucket's hue, from not due to the oldest.
HUES = ("aboard", "open", "waiting", "trouble", "trouble")


@require_safe
@billers_only
def aging_page(request: HttpRequest) -> HttpResponse:
    """Each debtor's balance by days past the due day."""
    today = company_day(timezone.now())
    rows = aging(Invoice.objects.all(), Payment.objects.all(), today)
    sums = [
        total | {"share": charts.share([max(total[name], 0) for name in BUCKETS], HUES)}
        for total in totals(rows)
    ]
    context = {"today": today, "page": page_of(request, rows), "totals": sums}
    return render(request, "billing/desk/aging.html", context)


@require_safe
@billers_only
def unpriced(request: HttpRequest) -> HttpResponse:
    """Trips that should have been charged and could not be, oldest first."""
    waiting = UnpricedTrip.objects.filter(solved_at__isnull=True)
    rows = waiting.select_related("trip__payer").order_by("since", "pk")
    return render(request, "billing/desk/unpriced.html", {"page": page_of(request, rows)})


@require_POST
@billers_only
def price(request: HttpRequest, trip_id: int) -> HttpResponse:
    """Try a trip again, now that a rate may be there."""
    get_object_or_404(UnpricedTrip, pk=trip_id, solved_at__isnull=True)
    with told(request):
        invoice = issue_invoice(trip_id, again=True, by=user_of(request))
        messages.success(request, _("Invoice %s was issued.") % invoice.number)
    return redirect("desk:unpriced")
