"""Trips and their log: written by `trips.services` alone, so only read here."""

from django.contrib import admin

from config.admin_base import History, HistoryInline, word_filter
from config.subscriptions import SUBSCRIPTIONS
from trips.models import Assignment, Epoch, Stream, StreamEntry, TapAnswer, Trip, TripEvent


class EventInline(HistoryInline):
    model = TripEvent
    ordering = ("version",)
    fields = ("version", "event", "status", "source", "actor", "occurred_at", "recorded_at")


class AssignmentInline(HistoryInline):
    model = Assignment
    fields = ("driver", "vehicle", "started_at", "ended_at")


@admin.register(Trip)
class TripAdmin(History):
    list_display = (
        "id",
        "status",
        "patient__name",
        "driver",
        "vehicle",
        "scheduled_at",
        "state_since",
    )
    list_filter = ("status", "mobility", "scheduled_at", "vehicle")
    list_select_related = ("patient", "driver__user", "vehicle")
    search_fields = ("patient__name", "patient__member_id")
    search_help_text = "A trip's number, a patient's name or member id."
    inlines = (EventInline, AssignmentInline)


@admin.register(TripEvent)
class TripEventAdmin(History):
    list_display = ("id", "trip_id", "version", "event", "status", "source", "actor", "recorded_at")
    list_filter = ("source", "inferred", word_filter("event", SUBSCRIPTIONS))
    list_select_related = ("actor",)
    number_fields = ("trip_id",)
    search_help_text = "A trip's number."


@admin.register(TapAnswer)
class TapAnswerAdmin(History):
    list_display = ("id", "user", "client_event_id", "status_code", "created_at")
    list_select_related = ("user",)
    number_fields = ("user_id",)
    search_fields = ("client_event_id",)


@admin.register(Stream)
class StreamAdmin(History):
    list_display = ("name", "last_seq")
    search_fields = ("=name",)
    number_fields = ()
    ordering = ("name",)
    search_help_text = "board, trip:<id> or user:<id>."


@admin.register(StreamEntry)
class StreamEntryAdmin(History):
    list_display = ("id", "stream_id", "seq", "event_id", "notification_id")
    search_fields = ("stream__name__exact",)
    search_help_text = "board, trip:<id> or user:<id>."


@admin.register(Epoch)
class EpochAdmin(History):
    list_display = ("value",)
