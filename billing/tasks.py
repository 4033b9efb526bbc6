"""The billing tasks: thin doors to invoices, mails, re-pricing and statements."""

from collections.abc import Iterable
from datetime import date

from celery import chord, shared_task
from django.utils import timezone

from billing import claims, findings, invoices, mail, overdue, pdf, repricing, statements, unpriced
from billing.issuing import Why
from billing.models import Invoice
from billing.statements import Account
from config.arguments import InvalidArguments
from trips import task_runs
from trips.models import TaskRun
from trips.task_runs import Outcome, Report


@shared_task
def generate_invoice(trip_id: int) -> str:
    """Issue a completed trip's invoice, or find it; its number."""
    try:
        return invoices.issue_invoice(trip_id).number
    except invoices.NotBillable as exc:
        raise InvalidArguments(str(exc)) from None


@shared_task
def send_invoice_email(invoice_id: int) -> str:
    """Queue the invoice's mail to who pays, once."""
    try:
        return mail.queue_invoice(invoice_id)
    except Invoice.DoesNotExist:
        raise InvalidArguments(f"there is no invoice {invoice_id}") from None


@shared_task(max_retries=0, expires=20)
def draw_documents() -> str:
    """Draw new invoices' PDF files before anybody waits for them."""
    return f"{pdf.draw_ahead()} documents drawn"


@shared_task
def process_overdue_invoices() -> str:
    """Mark what is past its due day, and take the ladder's steps."""
    return overdue.process_overdue()


@shared_task
def price_unpriced() -> str:
    """Try the trips again that had no price."""
    why = Why(cause=Invoice.Cause.CORRECTION)
    return f"{unpriced.try_again(lambda trip_id: invoices.settle(trip_id, why))} trips priced"


@shared_task(max_retries=0, ignore_result=True)
def preview_reprice(run_id: str, attempt: int) -> str:
    """The long job of `POST /api/invoices/reprice/`; retried by the sweeper only."""
    return task_runs.work_on(run_id, attempt, repricing.preview)


@shared_task(max_retries=0, ignore_result=True)
def reprice(run_id: str, attempt: int) -> str:
    """The long job of `POST /api/invoices/reprice/{id}/apply/`; retried by the sweeper only."""
    return task_runs.work_on(run_id, attempt, repricing.reprice)


@shared_task
def make_statements() -> str:
    """Begin the last month's statements that are missing. Hourly: nothing hangs on one chord."""
    month = statements.last_month(timezone.now())
    missing = statements.accounts(month)
    if missing:
        _begin(month, missing, "")
    return f"{len(missing)} statements of {month} begun"


@shared_task(max_retries=0, ignore_result=True)
def close_month(run_id: str, attempt: int) -> str:
    """The long job of `POST /api/statements/`; retried by the sweeper only."""
    return task_runs.work_on(run_id, attempt, _close_month)


def _close_month(run: TaskRun, report: Report) -> Outcome | None:
    month = date.fromisoformat(run.parameters["month"])
    missing = statements.accounts(month)
    report(0, len(missing))
    if not missing:
        return Outcome({"month": month.isoformat(), "statements": 0, "priced": 0, "failed": 0})
    _begin(month, missing, str(run.pk))
    return None


def _begin(month: date, accounts: Iterable[Account], run_id: str) -> None:
    pairs = [[one.payer_id, one.facility_id] for one in accounts]
    day = month.isoformat()
    prices = [price_account.s(*pair, day, run_id) for pair in pairs]
    chord(prices, close_accounts.s(pairs, day, run_id)).apply_async()


@shared_task
def price_account(payer_id: int | None, facility_id: int | None, month: str, run_id: str) -> int:
    """Bill what a month still owes to one payer or facility; how many trips were."""
    priced = statements.price(Account(payer_id, facility_id), date.fromisoformat(month))
    if run_id:
        task_runs.step(run_id)
    return priced


@shared_task
def close_accounts(
    priced: list[int], accounts: list[list[int | None]], month: str, run_id: str
) -> str:
    """Make the statements of payers and facilities whose month is priced."""
    day = date.fromisoformat(month)
    closed = [statements.try_to_close(Account(*pair), day) for pair in accounts]
    made = [count for count in closed if count is not None]
    failed = len(closed) - len(made)
    if run_id:
        result = {"month": month, "statements": sum(made), "priced": sum(priced), "failed": failed}
        task_runs.finish(run_id, result)
    return f"{sum(made)} statements of {month}, {failed} failed"


@shared_task(max_retries=0, ignore_result=True)
def check_claims(run_id: str, attempt: int) -> str:
    """The long job of `POST /api/claims/check/`; retried by the sweeper only."""
    return task_runs.work_on(run_id, attempt, findings.check_period)


@shared_task(max_retries=0, ignore_result=True)
def ready_claims(run_id: str, attempt: int) -> str:
    """The long job of `POST /api/claims/batches/{id}/ready/`; retried by the sweeper only."""
    return task_runs.work_on(run_id, attempt, claims.make_ready)
