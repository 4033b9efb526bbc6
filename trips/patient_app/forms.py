"""Booking a trip without a map: addresses in words, found among the places that are known."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trips import access, places
from trips.models import Patient, Trip
from trips.places import Suggestion, normalised
from trips.words import MOBILITY
from users.models import User

MOST_PLACES = 40
#: What the form calls a place, and the API.
ENDS = ("pickup", "dropoff")


def known_places(user: User) -> list[Suggestion]:
    """Where `user`'s trips went before, each address once, the newest first."""
    trips = access.visible_trips(user).order_by("-pk")[:200]
    found: dict[str, Suggestion] = {}
    for trip in trips:
        for end in ENDS:
            address = getattr(trip, f"{end}_address")
            point = (getattr(trip, f"{end}_latitude"), getattr(trip, f"{end}_longitude"))
            found.setdefault(normalised(address), Suggestion(address, *point, 1, "trips"))
    return list(found.values())[:MOST_PLACES]


def candidates(user: User, words: str) -> list[Suggestion]:
    """The places that `words` may mean: one where it is that very address."""
    key = normalised(words)
    if not key:
        return []
    own = [one for one in known_places(user) if key in normalised(one.address)]
    keys = {normalised(one.address) for one in own}
    others = places.suggest(user=user, words=words)
    found = own + [one for one in others if normalised(one.address) not in keys]
    exact = [one for one in found if normalised(one.address) == key]
    return exact[:1] or found


class BookingForm(forms.Form):
    """A trip that is wished for; `booking` is the same as the API takes it."""

    patient = forms.ModelChoiceField(
        queryset=Patient.objects.none(), label=gettext_lazy("For whom"), empty_label=None
    )
    pickup = forms.CharField(max_length=250, label=gettext_lazy("From (address)"))
    dropoff = forms.CharField(max_length=250, label=gettext_lazy("To (address)"))
    scheduled_at = forms.DateTimeField(
        label=gettext_lazy("Pick-up time"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    appointment_at = forms.DateTimeField(
        required=False,
        label=gettext_lazy("Appointment (if there is one)"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    mobility = forms.ChoiceField(
        choices=list(MOBILITY.items()), label=gettext_lazy("How do you travel?")
    )
    escorts = forms.IntegerField(
        min_value=0, max_value=9, initial=0, label=gettext_lazy("People who come along")
    )
    notes = forms.CharField(
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        label=gettext_lazy("What the driver should know"),
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        for end in ENDS:
            self.fields[end].widget.attrs["list"] = "places"
        who = self.fields["patient"]
        who.queryset = access.visible_patients(user).order_by("name")  # type: ignore[attr-defined]
        who.label_from_instance = lambda patient: patient.name  # type: ignore[attr-defined]

    def clean_pickup(self) -> Suggestion:
        return self._place("pickup")

    def clean_dropoff(self) -> Suggestion:
        return self._place("dropoff")

    def _place(self, end: str) -> Suggestion:
        found = candidates(self.user, self.cleaned_data[end])
        if len(found) == 1:
            return found[0]
        if not found:
            raise forms.ValidationError(_("We do not know this address. Please call us to book."))
        words = [(one.address, one.address) for one in found]
        self.fields[end].widget = forms.Select(choices=words)
        raise forms.ValidationError(_("Which one do you mean? Choose it from the list."))

    def booking(self) -> dict[str, Any]:
        """What `POST /api/trips/` takes."""
        given = self.cleaned_data
        return {
            "patient_id": given["patient"].pk,
            **{end: _point(given[end]) for end in ENDS},
            "scheduled_at": given["scheduled_at"],
            "appointment_at": given["appointment_at"],
            **{name: given[name] for name in ("mobility", "escorts", "notes")},
        }


def _point(place: Suggestion) -> dict[str, Any]:
    return {
        "address": place.address,
        "latitude": place.latitude,
        "longitude": place.longitude,
    }


def first_values(user: User, return_of: Trip | None) -> dict[str, Any]:
    """What a new form holds: the way back of a trip, or nothing but the patient's own habits."""
    if return_of is None:
        last = access.visible_trips(user).order_by("-pk").first()
        return {"mobility": last.mobility} if last else {}
    return {
        "patient": return_of.patient_id,
        "pickup": return_of.dropoff_address,
        "dropoff": return_of.pickup_address,
        "mobility": return_of.mobility,
        "escorts": return_of.escorts,
    }
