from django.urls import path
from rest_framework.routers import DefaultRouter

from users.api import RevokeAllView, RevokeView, TokenView
from users.enrolment import EnrolView
from users.mail_hooks import MailHookView
from users.notices_api import NotificationViewSet
from users.preferences_api import PreferencesView
from users.trip_notices_api import TripNoticesView
from users.undelivered_api import UndeliveredViewSet
from users.webhook_api import WebhookViewSet

router = DefaultRouter()
router.register("notifications", NotificationViewSet, "notification")
router.register("undelivered", UndeliveredViewSet, "undelivered")
router.register("webhook-endpoints", WebhookViewSet, "webhook-endpoint")

urlpatterns = [
    path("auth/token/", TokenView.as_view()),
    path("auth/enrol/", EnrolView.as_view(), name="enrol"),
    path("auth/logout/", RevokeView.as_view()),
    path("auth/logoutall/", RevokeAllView.as_view()),
    path("preferences/", PreferencesView.as_view()),
    path("trips/<int:pk>/notices/", TripNoticesView.as_view(), name="trip-notices"),
    path("webhooks/mail/", MailHookView.as_view()),
    *router.urls,
]
