"""Addresses of the dispatcher's intake pages."""

from django.urls import path

from trips.desk import views

app_name = "bookings"
urlpatterns = [
    path("dispatch/trips/new/", views.trip_new, name="trip-new"),
    path("dispatch/trips/<int:trip_id>/edit/", views.trip_edit, name="trip-edit"),
    path("dispatch/standing-orders/", views.orders, name="orders"),
    path("dispatch/standing-orders/new/", views.order_new, name="order-new"),
    path("dispatch/standing-orders/<int:order_id>/", views.order, name="order"),
    path("dispatch/import/", views.imports, name="import"),
    path("dispatch/import/template.csv", views.template, name="import-template"),
    path("dispatch/places/", views.address_book, name="places"),
]
