"""Addresses of the server-rendered pages: set-up of phones, the paper manifest, the public link."""

from django.urls import path

from trips import confirm_pages, manifest_pages, public_pages, setup_pages

urlpatterns = [
    path("dispatch/setup/", setup_pages.phones, name="setup"),
    path(
        "dispatch/setup/vehicle/<int:vehicle_id>/", setup_pages.setup_vehicle, name="setup-vehicle"
    ),
    path("dispatch/setup/driver/<int:driver_id>/", setup_pages.setup_driver, name="setup-driver"),
    path("dispatch/manifest/", manifest_pages.manifest, name="manifest"),
    path("track/<str:signed>/", public_pages.track, name="track"),
    path("track/<str:signed>/streets.geojson", public_pages.streets, name="track-streets"),
    path("trips/confirm/<str:signed>/", confirm_pages.answer, name="confirm"),
]
