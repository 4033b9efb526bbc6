"""The addresses."""

from django.urls import path

from bench.textbook import views

urlpatterns = [
    path("api/trips/", views.TripListView.as_view()),
    path("api/trips/<int:trip_id>/gps/", views.GPSUpdateView.as_view()),
    path("api/trips/<int:trip_id>/status/", views.TripStatusView.as_view()),
]
