"""Addresses of the pages of who orders trips."""

from django.urls import path

from trips.patient_app import views

urlpatterns = [
    path("me/", views.trips, name="me"),
    path("me/book/", views.book, name="me-book"),
    path("me/trips/<int:trip_id>/", views.trip, name="me-trip"),
]
