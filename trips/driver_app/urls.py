"""Addresses of the driver's app."""

from django.urls import path

from trips.driver_app import api, enrol_pages, views

urlpatterns = [
    path("driver/", views.app, name="driver"),
    path("driver/enrol/", views.app, name="driver-enrol"),
    path("driver/manifest.webmanifest", views.manifest, name="driver-manifest"),
    path("driver/worker.js", views.worker, name="driver-worker"),
    path(
        "dispatch/setup/driver/<int:driver_id>/app/", enrol_pages.enrol_driver, name="enrol-driver"
    ),
    path("api/driver/day/", api.DayView.as_view(), name="driver-day"),
    path("api/driver/pairing/", api.PairingView.as_view(), name="driver-pairing"),
]
