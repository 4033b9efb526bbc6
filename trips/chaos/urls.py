from django.urls import path

from trips.chaos import views

urlpatterns = [
    path("demo/break/", views.page, name="break"),
    path("demo/break/probe/", views.begin, name="break-probe"),
    path("demo/break/do/", views.break_part, name="break-do"),
    path("demo/break/state/", views.state, name="break-state"),
]
