from django.urls import path
from rest_framework.routers import DefaultRouter

from billing import (
    api,
    authorization_api,
    claim_api,
    ledger_api,
    payment_api,
    quote_api,
    rate_api,
    statement_api,
    webhook_api,
)

router = DefaultRouter()
router.register("rates", rate_api.RateViewSet, "rate")
router.register("holidays", rate_api.HolidayViewSet, "holiday")
router.register("invoices", api.InvoiceViewSet, "invoice")
router.register("statements", statement_api.StatementViewSet, "statement")
router.register("payments", payment_api.PaymentViewSet, "payment")
router.register("provider-events", webhook_api.ProviderEventViewSet, "provider-event")
router.register("authorizations", authorization_api.AuthorizationViewSet, "authorization")
router.register("claims/findings", claim_api.ClaimFindingViewSet, "claim-finding")
router.register("claims/batches", claim_api.ClaimBatchViewSet, "claim-batch")
router.register("claims", claim_api.ClaimViewSet, "claim")
urlpatterns = [
    path("claims/check/", claim_api.ClaimCheckView.as_view(), name="claim-check"),
    path("claims/trips/<int:pk>/", claim_api.ClaimTripView.as_view(), name="claim-trip"),
    path("invoices/aging/", ledger_api.AgingView.as_view(), name="invoice-aging"),
    path("invoices/<int:pk>/ledger/", ledger_api.LedgerView.as_view(), name="invoice-ledger"),
    path("payments/remittances/", payment_api.RemittanceView.as_view(), name="remittances"),
    path(
        "webhooks/payments/<slug:provider>/",
        webhook_api.PaymentHookView.as_view(),
        name="payment-hook",
    ),
    path("rates/quote/", quote_api.QuoteView.as_view(), name="rate-quote"),
    *router.urls,
]
