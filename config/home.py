"""`/`: to the page where somebody's work begins; where a log-in leads, too."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from users.models import User
from users.roles import Role

#: Everybody else works at the board.
HOMES = {
    Role.PATIENT.value: "/me/",
    Role.FACILITY.value: "/me/",
    Role.DRIVER.value: "/driver/",
    Role.BILLER.value: "/billing/",
}
BOARD = "/dispatch/"


@require_safe
@login_required
@never_cache
def home(request: HttpRequest) -> HttpResponse:
    """A redirect by role; to the log-in for nobody."""
    user = request.user
    return redirect(HOMES.get(user.role, BOARD) if isinstance(user, User) else BOARD)
