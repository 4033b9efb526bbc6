from django.urls import path
from rest_framework.routers import DefaultRouter

from trips import (
    api,
    attachment_api,
    calendar_api,
    device_api,
    dispatch_api,
    driver_api,
    fleet_api,
    intake_api,
    list_api,
    patient_api,
    place_api,
    report_api,
    shift_api,
    shift_correction_api,
    standing_order_api,
    talk_api,
    task_api,
    track_api,
    trouble_api,
    watch_api,
)
from trips.evidence.api import EvidenceView

router = DefaultRouter()
router.register("trips", api.TripViewSet, "trip")
router.register("vehicles", fleet_api.VehicleViewSet, "vehicle")
router.register("drivers", driver_api.DriverViewSet, "driver")
router.register("devices", device_api.DeviceViewSet, "device")
router.register("shifts", shift_api.ShiftViewSet, "shift")
router.register("messages", talk_api.MessageViewSet, "message")
router.register("patients", patient_api.PatientViewSet, "patient")
router.register("facilities", list_api.FacilityViewSet)
router.register("payers", list_api.PayerViewSet)
router.register("standing-orders", standing_order_api.StandingOrderViewSet, "standing-order")
router.register("tasks", task_api.TaskViewSet, "task")
router.register("alerts", watch_api.AlertViewSet)
router.register("quarantine", watch_api.QuarantineViewSet)
router.register("attachments", attachment_api.AttachmentViewSet, "attachment")
urlpatterns = [
    path(
        "trips/<int:pk>/attachments/",
        attachment_api.SendView.as_view(),
        name="trip-attachments",
    ),
    path(
        "trips/<int:pk>/candidates/",
        dispatch_api.CandidatesView.as_view(),
        name="trip-candidates",
    ),
    path(
        "trips/<int:pk>/auto-assign/",
        dispatch_api.AutoAssignTripView.as_view(),
        name="trip-auto-assign",
    ),
    path("dispatch/auto-assign/", dispatch_api.AutoAssignDayView.as_view(), name="day-auto-assign"),
    path("calendar/", calendar_api.CalendarView.as_view(), name="calendar"),
    path("calendar/<str:signed>.ics", calendar_api.calendar, name="calendar-feed"),
    path("trips/<int:pk>/track.geojson", track_api.GeoJsonView.as_view(), name="trip-geojson"),
    path("trips/<int:pk>/track.gpx", track_api.GpxView.as_view(), name="trip-gpx"),
    path("trips/<int:pk>/evidence/", EvidenceView.as_view(), name="trip-evidence"),
    path("trips/import/", intake_api.ImportView.as_view(), name="trip-import"),
    path("places/", place_api.PlaceView.as_view(), name="places"),
    path("trips/export/", task_api.ExportView.as_view(), name="trip-export"),
    path("reports/daily/", report_api.DailyView.as_view(), name="report-daily"),
    path("reports/weekly/", report_api.WeeklyView.as_view(), name="report-weekly"),
    path("reports/drivers/", report_api.DriversView.as_view(), name="report-drivers"),
    path("reports/demand/", report_api.DemandView.as_view(), name="report-demand"),
    path(
        "shifts/<int:pk>/correct/",
        shift_correction_api.CorrectionView.as_view(),
        name="shift-correct",
    ),
    path("failures/", trouble_api.FailuresView.as_view(), name="failures"),
    path("failures/retry/", trouble_api.RetryView.as_view(), name="failures-retry"),
    path("system/", trouble_api.SystemView.as_view(), name="system"),
    path("expiries/", fleet_api.ExpiryView.as_view(), name="expiries"),
    *router.urls,
]
