"""Addresses of the fleet's pages."""

from django.urls import path

from trips.desk_fleet import alerts, drivers, expiries, shifts, talk, trouble, vehicles

app_name = "fleet"
urlpatterns = [
    path("dispatch/vehicles/", vehicles.vehicles, name="vehicles"),
    path("dispatch/vehicles/<int:vehicle_id>/", vehicles.vehicle, name="vehicle"),
    path("dispatch/vehicles/<int:vehicle_id>/service/", vehicles.service, name="vehicle-service"),
    path("dispatch/devices/<int:device_id>/revoke/", vehicles.revoke, name="device-revoke"),
    path("dispatch/drivers/", drivers.drivers, name="drivers"),
    path("dispatch/drivers/<int:driver_id>/", drivers.driver, name="driver"),
    path("dispatch/drivers/<int:driver_id>/account/", drivers.account, name="driver-account"),
    path("dispatch/shifts/", shifts.shifts, name="shifts"),
    path("dispatch/shifts/begin/", shifts.begin, name="shift-begin"),
    path("dispatch/shifts/<int:shift_id>/", shifts.shift, name="shift"),
    path("dispatch/shifts/<int:shift_id>/step/", shifts.step, name="shift-step"),
    path("dispatch/messages/", talk.messages, name="messages"),
    path("dispatch/messages/send/", talk.send, name="message-send"),
    path("dispatch/alerts/", alerts.alerts, name="alerts"),
    path("dispatch/alerts/<int:alert_id>/acknowledge/", alerts.acknowledge, name="alert-seen"),
    path("dispatch/alerts/<int:alert_id>/resolve/", alerts.resolve, name="alert-resolve"),
    path("dispatch/trouble/", trouble.trouble, name="trouble"),
    path("dispatch/trouble/retry/", trouble.retry, name="trouble-retry"),
    path("dispatch/trouble/again/", trouble.again, name="trouble-again"),
    path("dispatch/expiries/", expiries.expiries, name="expiries"),
]
