"""Every route of the HTTP side; the GPS door and the sockets are in `asgi.py`."""

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from billing.own_pages import invoices as own_invoices
from config import scrape
from config.audit_api import AuditViewSet
from config.docs import asyncapi
from config.health import healthz, readyz
from config.home import home
from config.security_txt import security_txt
from config.styleguide import styleguide

# Swagger UI sets styles inline, and shows pictures from data addresses.
docs_page = csp_update({"style-src": [SELF, UNSAFE_INLINE]})(
    SpectacularSwaggerSplitView.as_view(url_name="schema")
)

urlpatterns = [
    path("admin/", admin.site.urls),
    # Where a page names no icon (the admin), browsers ask here.
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}atw/icon.svg")),
    path("styleguide/", styleguide),
    path("healthz", healthz),
    path(".well-known/security.txt", security_txt),
    path("readyz", readyz),
    path("metrics", scrape.view),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("trips.dashboard.urls")),
    path("", include("trips.chaos.urls")),
    path("", include("trips.desk.urls")),
    path("", include("trips.desk_fleet.urls")),
    path("", include("trips.page_urls")),
    path("", include("trips.driver_app.urls")),
    path("", home, name="home"),
    path("", include("trips.patient_app.urls")),
    path("", include("users.page_urls")),
    # After ours: who forgot a password is mailed through our own pipe.
    path("accounts/", include("django.contrib.auth.urls")),
    path("me/invoices/", own_invoices, name="me-invoices"),
    path("", include("billing.desk.urls")),
    path("api/", include("users.urls")),
    path("api/", include("trips.urls")),
    path("api/", include("billing.urls")),
    path("api/audit/", AuditViewSet.as_view({"get": "list"}), name="audit"),
    path("api/asyncapi.yaml", asyncapi, name="asyncapi"),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", docs_page),
]
handler404 = "config.problems.not_found"
