"""The words for statuses and levels of service, in the active language."""

from django.utils.translation import gettext as _


def mobility_of(mobility: str) -> str:
    """How a patient is carried."""
    return {
        "ambulatory": _("Ambulatory"),
        "wheelchair": _("Wheelchair"),
        "bariatric_wheelchair": _("Bariatric wheelchair"),
        "stretcher": _("Stretcher"),
        "bariatric_stretcher": _("Bariatric stretcher"),
    }.get(mobility, mobility)


def status_of(status: str) -> str:
    """Where a trip stands, in a word or two."""
    return {
        "requested": _("requested"),
        "will_call": _("will call"),
        "scheduled": _("no driver"),
        "assigned": _("assigned"),
        "dispatched": _("sent out"),
        "en_route_pickup": _("to pick-up"),
        "arrived_pickup": _("at the door"),
        "in_progress": _("aboard"),
        "arrived_dropoff": _("arriving"),
        "completed": _("completed"),
        "cancelled": _("cancelled"),
        "no_show": _("no-show"),
        "rejected": _("rejected"),
        "missed": _("missed"),
    }.get(status, status)
