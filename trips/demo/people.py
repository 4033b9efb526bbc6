"""The demo's company, its accounts and patients."""

from datetime import timedelta
from random import Random

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.utils import timezone
from django.utils.crypto import get_random_string
from knox.models import AuthToken

from trips.demo.secrets import password_for, token_for
from trips.models import Company, Facility, Patient, Payer
from users.auth import hash_token
from users.models import User
from users.roles import Role

TOKEN_DAYS = 365
FIRST_NAMES = (
    "Omar", "Lena", "Victor", "Amara", "Jonas", "Mei", "Tariq", "Elsa", "Bruno", "Noor",
    "Felix", "Ines", "Karim", "Greta",
)  # fmt: skip
LAST_NAMES = (
    "Haddad", "Lind", "Okafor", "Berg", "Rossi", "Tan", "Novak", "Silva", "Khan", "Moreau",
    "Dahl", "Costa", "Weber",
)  # fmt: skip
PATIENTS = 40


def people() -> dict[Role, list[User]]:
    Company.objects.get_or_create(
        pk=1,
        defaults={
            "name": "Göta Patient Transport",
            "time_zone": "Europe/Stockholm",
            "phone": "+46 31 000 00 00",
            "email": "office@gota.invalid",
            "address": "Station Road 1, Gothenburg",
            # Short, so that two weeks of history hold something overdue.
            "payment_days": 10,
        },
    )
    return {
        Role.ADMIN: [account("ada", Role.ADMIN, "Ada", "Admin")],
        Role.DISPATCHER: [
            account("dina", Role.DISPATCHER, "Dina", "Ek"),
            account("david", Role.DISPATCHER, "David", "Holm"),
        ],
        Role.BILLER: [account("bea", Role.BILLER, "Bea", "Strand")],
        Role.FACILITY: [_facility_account()],
        Role.PATIENT: [account("pia", Role.PATIENT, "Pia", "Nyberg")],
    }


def account(username: str, role: Role, first_name: str, last_name: str) -> User:
    user, created = User.objects.get_or_create(
        username=username,
        defaults={
            "role": role,
            "first_name": first_name,
            "last_name": last_name,
            "email": f"{username}@gota.invalid",
            "is_staff": role == Role.ADMIN,
            "is_superuser": role == Role.ADMIN,
        },
    )
    token = token_for(username)
    _, new_secret = AuthToken.objects.update_or_create(
        digest=hash_token(token),
        defaults={
            "user": user,
            "token_key": token[:15],
            "expiry": timezone.now() + timedelta(days=TOKEN_DAYS),
        },
    )
    if created or new_secret:
        # Few iterations, so that a fleet is seeded in a second; the first login renews it.
        user.password = PBKDF2PasswordHasher().encode(
            password_for(username), get_random_string(22), iterations=10_000
        )
        user.save(update_fields=["password"])
    return user


def _facility_account() -> User:
    user = account("hugo", Role.FACILITY, "Hugo", "Lund")
    for name in ("Eastside Dialysis", "Harbour Clinic", "Sahlgren Hospital"):
        email = f"billing@{name.split()[0].lower()}.invalid"
        facility, _ = Facility.objects.get_or_create(name=name, defaults={"email": email})
        if name == "Eastside Dialysis":
            facility.members.add(user)
    return user


def patients(pia: User) -> list[Patient]:
    payers = [
        Payer.objects.get_or_create(
            name=name, defaults={"email": f"claims@{name.split()[0].lower()}.invalid"}
        )[0]
        for name in ("Regional Health Plan", "Nordic Insurance")
    ]
    facility = Facility.objects.get(name="Eastside Dialysis")
    rng = Random(7)
    for n in range(PATIENTS):
        name = "Pia Nyberg" if n == 0 else f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"
        patient, created = Patient.objects.get_or_create(
            email=f"patient{n:02d}@home.invalid",
            defaults={
                "name": name,
                "user": pia if n == 0 else None,
                "payer": payers[n % 3] if n % 3 < 2 else None,
                "address": f"Garden Street {n + 1}",
            },
        )
        if created and n % 4 == 0:
            patient.facilities.add(facility)
    return list(Patient.objects.filter(email__endswith="@home.invalid").order_by("pk"))
