"""What a payment provider tells of, each message once; what does not match waits for a biller."""

from django.db import connection

from billing.allocations import Debtor, PaymentRefused, Shares, hold, locked
from billing.models import Invoice, Payment, ProviderEvent
from billing.overdue import billers
from billing.payments import Money, record, successor_of
from billing.providers.base import ProviderMoney
from trips.events.log import recording
from trips.queries import company_day
from users.models import User
from users.notifications import tell

State = ProviderEvent.State


class NotOpen(Exception):
    """The event has been dealt with."""


def receive(provider: str, money: ProviderMoney) -> str:
    """Keep one message: "recorded", "kept" for a biller, or "known" where it came before."""
    with recording():
        _hold(provider, money.reference)
        told = ProviderEvent.objects.filter(provider=provider, event_id=money.event_id)
        if told.exists():
            return "known"
        invoice = _invoice(money)
        paid = Payment.objects.filter(idempotency_key=_key(provider, money.reference)).first()
        why = "" if paid and money.paid else _objection(money, invoice)
        if paid is None and not why and invoice is not None:
            paid = _record(provider, money, invoice)
        event = ProviderEvent.objects.create(
            provider=provider,
            event_id=money.event_id,
            type=money.type,
            reference=money.reference,
            invoice_number=money.invoice_number,
            amount_cents=money.amount_cents,
            currency=money.currency,
            occurred_at=money.occurred_at,
            state=State.OPEN if why else State.RECORDED,
            reason=why,
            payment=paid,
        )
        if why:
            text = f"Money at {provider} waits for you (message {event.pk}): {why}"
            tell(billers(), kind="payment_kept", key=f"provider_event:{event.pk}", message=text)
    return "kept" if why else "recorded"


def resolve(
    event_id: int,
    *,
    user: User,
    debtor: Debtor | None,
    shares: Shares | None,
    resolution: str,
) -> ProviderEvent:
    """A biller decides: it is a payment of `debtor`, or (None) there is nothing to record.

    NotOpen, ProviderEvent.DoesNotExist, PaymentRefused.
    """
    with recording():
        event = ProviderEvent.objects.select_for_update(no_key=True).get(pk=event_id)
        if event.state != State.OPEN:
            raise NotOpen
        _hold(event.provider, event.reference)
        if debtor is not None:
            event.payment = _record_resolved(event, debtor, shares, user)
        event.state, event.resolution, event.resolved_by = State.RESOLVED, resolution, user
        event.save(update_fields=["state", "resolution", "resolved_by", "payment"])
    return event


def _record_resolved(
    event: ProviderEvent, debtor: Debtor, shares: Shares | None, user: User
) -> Payment:
    key = _key(event.provider, event.reference)
    if event.payment or Payment.objects.filter(idempotency_key=key).exists():
        text = "The payment is recorded: this tells of money that went back. Record a refund."
        raise PaymentRefused("debtor", text)
    money = Money(
        debtor=debtor,
        amount_cents=int(event.amount_cents),
        currency=event.currency,
        method=Payment.Method.PROVIDER,
        received_on=company_day(event.occurred_at),
        reference=event.reference,
        key=key,
    )
    return record(money, user=user, shares=shares)


def _key(provider: str, reference: str) -> str:
    return f"{provider}:{reference}"


def _hold(provider: str, reference: str) -> None:
    """Two messages about one payment go one after the other."""
    with connection.cursor() as cursor:
        name = f"billing.provider {provider} {reference}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def _invoice(money: ProviderMoney) -> Invoice | None:
    """The invoice that is paid; where it was revised, what stands in its place."""
    named = Invoice.objects.filter(number=money.invoice_number)
    invoice = named.exclude(kind=Invoice.Kind.CREDIT).first()
    if invoice is None or invoice.state != Invoice.State.VOID:
        return invoice
    later = successor_of(invoice)
    return later if later and Debtor.of(later) == Debtor.of(invoice) else invoice


def _objection(money: ProviderMoney, invoice: Invoice | None) -> str:
    """Why a person has to look at it, or ""."""
    if not money.paid:
        return "money went back at the provider; record it as a refund"
    if invoice is None:
        return "no invoice has that number"
    if invoice.currency != money.currency:
        return "another currency than the invoice's"
    return "the invoice is void" if invoice.state == Invoice.State.VOID else ""


def _record(provider: str, money: ProviderMoney, invoice: Invoice) -> Payment:
    """What is more than owed stays with the payment."""
    debtor = Debtor.of(invoice)
    hold(debtor)
    [there] = locked([invoice.pk])
    owed = there.balance_cents if there.state in Invoice.OPEN else 0
    share = min(owed, money.amount_cents)
    paid = Money(
        debtor=debtor,
        amount_cents=money.amount_cents,
        currency=money.currency,
        method=Payment.Method.PROVIDER,
        received_on=company_day(money.occurred_at),
        reference=money.reference,
        key=_key(provider, money.reference),
    )
    return record(paid, user=None, shares=[(invoice.pk, share)] if share > 0 else [])
