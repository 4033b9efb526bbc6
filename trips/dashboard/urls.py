"""Addresses of the dispatcher's pages."""

from django.urls import path

from trips.dashboard import views

app_name = "dashboard"
urlpatterns = [
    path("dispatch/", views.board, name="board"),
    path("dispatch/streets.geojson", views.streets, name="streets"),
]
