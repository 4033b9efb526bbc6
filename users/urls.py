from django.urls import path

from users.api import RevokeAllView, RevokeView, TokenView

urlpatterns = [
    path("auth/token/", TokenView.as_view()),
    path("auth/logout/", RevokeView.as_view()),
    path("auth/logoutall/", RevokeAllView.as_view()),
]
