from django.urls import path
from rest_framework.routers import DefaultRouter

from trips import api, list_api, task_api, watch_api

router = DefaultRouter()
router.register("trips", api.TripViewSet, "trip")
router.register("vehicles", list_api.VehicleViewSet)
router.register("drivers", list_api.DriverViewSet, "driver")
router.register("patients", list_api.PatientViewSet, "patient")
router.register("facilities", list_api.FacilityViewSet)
router.register("payers", list_api.PayerViewSet)
router.register("tasks", task_api.TaskViewSet, "task")
router.register("alerts", watch_api.AlertViewSet)
router.register("quarantine", watch_api.QuarantineViewSet)
urlpatterns = [
    path("trips/export/", task_api.ExportView.as_view(), name="trip-export"),
    *router.urls,
]
