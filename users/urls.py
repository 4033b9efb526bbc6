from django.urls import path
from rest_framework.routers import DefaultRouter

from users.api import RevokeAllView, RevokeView, TokenView
from users.notices_api import NotificationViewSet

router = DefaultRouter()
router.register("notifications", NotificationViewSet, "notification")

urlpatterns = [
    path("auth/token/", TokenView.as_view()),
    path("auth/logout/", RevokeView.as_view()),
    path("auth/logoutall/", RevokeAllView.as_view()),
    *router.urls,
]
