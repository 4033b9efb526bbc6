"""Every route of the HTTP side; the GPS door and the sockets are in `asgi.py`."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from config.docs import asyncapi
from config.health import healthz, readyz

urlpatterns = [
    path("admin/", admin.site.urls),
    path("healthz", healthz),
    path("readyz", readyz),
    path("accounts/", include("django.contrib.auth.urls")),
    path("", include("trips.dashboard.urls")),
    path("", include("trips.page_urls")),
    path("api/", include("users.urls")),
    path("api/", include("trips.urls")),
    path("api/", include("billing.urls")),
    path("api/asyncapi.yaml", asyncapi, name="asyncapi"),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="schema")),
]
handler404 = "config.problems.not_found"
