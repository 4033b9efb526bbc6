from rest_framework.routers import DefaultRouter

from trips import api

router = DefaultRouter()
router.register("trips", api.TripViewSet, "trip")
router.register("vehicles", api.VehicleViewSet)
router.register("drivers", api.DriverViewSet, "driver")
router.register("patients", api.PatientViewSet, "patient")
router.register("facilities", api.FacilityViewSet)
router.register("payers", api.PayerViewSet)
urlpatterns = router.urls
