"""What each role may do at all, against a copy of the table written by hand."""

import pytest

from users.roles import PERMISSIONS, Permission, Role, may

MAY = {
    "admin": "see_board see_all_trips book_trips dispatch_trips see_fleet see_patients "
    "see_invoices see_reports use_places receive_webhooks manage",
    "dispatcher": "see_board see_all_trips book_trips dispatch_trips see_fleet see_patients "
    "see_reports use_places",
    "driver": "drive",
    "biller": "see_all_trips see_patients see_invoices see_reports",
    "facility": "book_trips use_places receive_webhooks see_own_pages",
    "patient": "book_trips see_own_pages",
}


@pytest.mark.parametrize("permission", Permission)
@pytest.mark.parametrize("role", Role)
def test_each_role_holds_exactly_its_permissions(role: Role, permission: Permission) -> None:
    assert may(role, permission) is (permission.value in MAY[role].split())


@pytest.mark.parametrize("role", ["", "owner", "Dispatcher", "admin "])
def test_an_unknown_role_holds_nothing(role: str) -> None:
    assert not any(may(role, permission) for permission in Permission)


def test_nobody_drives_but_drivers_and_every_permission_is_somebodys() -> None:
    assert [role for role in Role if may(role, Permission.DRIVE)] == [Role.DRIVER]
    assert frozenset().union(*PERMISSIONS.values()) == set(Permission)
