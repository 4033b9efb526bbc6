from rest_framework.routers import DefaultRouter

from billing import api

router = DefaultRouter()
router.register("invoices", api.InvoiceViewSet, "invoice")
urlpatterns = router.urls
