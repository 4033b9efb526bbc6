"""Addresses of the biller's and the manager's pages."""

from django.urls import path

from billing.desk import claims, invoices, manager, money, owed

app_name = "desk"
urlpatterns = [
    path("manage/", manager.overview, name="manage"),
    path("billing/", invoices.listing, name="invoices"),
    path("billing/invoices/<int:pk>/", invoices.detail, name="invoice"),
    path("billing/invoices/<int:pk>/mail/", invoices.resend, name="invoice-mail"),
    path("billing/invoices/<int:pk>/void/", invoices.void, name="invoice-void"),
    path("billing/payments/", money.listing, name="payments"),
    path("billing/payments/new/", money.new, name="payment-new"),
    path("billing/payments/remittance/", money.remittance, name="remittance"),
    path("billing/payments/<int:pk>/", money.detail, name="payment"),
    path("billing/payments/<int:pk>/allocate/", money.allocate, name="payment-allocate"),
    path(
        "billing/payments/<int:pk>/release/<int:invoice_id>/", money.release, name="payment-release"
    ),
    path("billing/payments/<int:pk>/refund/", money.refund, name="payment-refund"),
    path("billing/payments/<int:pk>/reverse/", money.reverse, name="payment-reverse"),
    path("billing/aging/", owed.aging_page, name="aging"),
    path("billing/unpriced/", owed.unpriced, name="unpriced"),
    path("billing/unpriced/<int:trip_id>/", owed.price, name="price"),
    path("billing/findings/", claims.findings_page, name="findings"),
    path("billing/findings/check/", claims.check, name="findings-check"),
    path("billing/findings/<int:pk>/waive/", claims.waive, name="finding-waive"),
    path("billing/findings/<int:pk>/unwaive/", claims.unwaive, name="finding-unwaive"),
    path("billing/findings/<int:pk>/mend/", claims.mend, name="finding-mend"),
    path("billing/batches/", claims.batches, name="batches"),
    path("billing/batches/draft/", claims.draft, name="batch-draft"),
    path("billing/batches/<int:pk>/", claims.batch, name="batch"),
    path("billing/batches/<int:pk>/move/", claims.move, name="batch-move"),
    path("billing/batches/<int:pk>/accept/", claims.accept, name="batch-accept"),
    path("billing/batches/<int:pk>/answer/<int:claim_id>/", claims.answer, name="claim-answer"),
    path("billing/batches/<int:pk>/leave-out/<int:trip_id>/", claims.leave_out, name="batch-leave"),
]
