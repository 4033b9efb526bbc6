"""Who may do what: the one table of roles and permissions (pure)."""

from enum import StrEnum


class Role(StrEnum):
    """The six kinds of account."""

    ADMIN = "admin"
    DISPATCHER = "dispatcher"
    DRIVER = "driver"
    BILLER = "biller"
    FACILITY = "facility"
    PATIENT = "patient"


class Permission(StrEnum):
    """What a role may do at all; which objects it may do it to is `trips.access`."""

    SEE_BOARD = "see_board"
    SEE_ALL_TRIPS = "see_all_trips"
    BOOK_TRIPS = "book_trips"
    DISPATCH_TRIPS = "dispatch_trips"
    DRIVE = "drive"
    SEE_FLEET = "see_fleet"
    SEE_PATIENTS = "see_patients"
    SEE_INVOICES = "see_invoices"
    SEE_REPORTS = "see_reports"
    USE_PLACES = "use_places"
    RECEIVE_WEBHOOKS = "receive_webhooks"
    SEE_OWN_PAGES = "see_own_pages"
    MANAGE = "manage"


_P = Permission
PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ADMIN: frozenset(Permission) - {_P.DRIVE, _P.SEE_OWN_PAGES},
    Role.DISPATCHER: frozenset(
        {
            _P.SEE_BOARD,
            _P.SEE_ALL_TRIPS,
            _P.BOOK_TRIPS,
            _P.DISPATCH_TRIPS,
            _P.SEE_FLEET,
            _P.SEE_PATIENTS,
            _P.SEE_REPORTS,
            _P.USE_PLACES,
        }
    ),
    Role.DRIVER: frozenset({_P.DRIVE}),
    Role.BILLER: frozenset({_P.SEE_ALL_TRIPS, _P.SEE_PATIENTS, _P.SEE_INVOICES, _P.SEE_REPORTS}),
    Role.FACILITY: frozenset({_P.BOOK_TRIPS, _P.USE_PLACES, _P.RECEIVE_WEBHOOKS, _P.SEE_OWN_PAGES}),
    Role.PATIENT: frozenset({_P.BOOK_TRIPS, _P.SEE_OWN_PAGES}),
}


def may(role: str, permission: Permission) -> bool:
    """Whether `role` holds `permission`; an unknown role holds none."""
    return role in PERMISSIONS and permission in PERMISSIONS[Role(role)]
