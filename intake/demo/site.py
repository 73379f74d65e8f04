"""The stadium, its tents, who helps there and who works there. What exists already is left as it is."""

from collections import Counter
from datetime import date
from typing import NamedTuple

from intake.demo.party import Party
from intake.models import PrivacyNotice, Station
from shelters import roles
from shelters.models import Organization, Shelter, User, Zone

SHELTER = {
    "name": "Estadio Jesús Martínez “Palillo”",
    "address": "Ciudad Deportiva Magdalena Mixhuca, Iztacalco",
    "region": "MX-CMX",
    "timezone": "America/Mexico_City",
    "opened_on": date(2018, 11, 4),
    "capacity": 5500,
    "toilets": 140,
    "showers": 60,
}
For = Zone.MeantFor
ZONES = {
    "A": ("Carpa A", For.FAMILIES, 900),
    "B": ("Carpa B", For.FAMILIES, 900),
    "C": ("Carpa C", For.WOMEN, 900),
    "D": ("Carpa D", For.MEN, 900),
    "E": ("Carpa E", For.MEN, 800),
    "F": ("Carpa F", For.EVERYONE, 940),
    "G": ("Carpa G", For.LGBT, 120),
    "J": ("Carpa J", For.ADOLESCENTS, 40),
}
STATIONS = {"ropa-1": "Mesa de ropa 1", "ropa-2": "Mesa de ropa 2", "bodega": "Bodega"}
Kind = Organization.Kind
ORGANIZATIONS = {
    "dif-cdmx": ("DIF Ciudad de México", Kind.GOVERNMENT),
    "sedesa": ("Secretaría de Salud de la Ciudad de México", Kind.GOVERNMENT),
    "cndh": ("Comisión Nacional de los Derechos Humanos", Kind.GOVERNMENT),
    "cdhcm": ("Comisión de Derechos Humanos de la Ciudad de México", Kind.GOVERNMENT),
    "cruz-roja": ("Cruz Roja Mexicana", Kind.RED_CROSS),
    "acnur": ("ACNUR", Kind.UN),
    "oim": ("OIM", Kind.UN),
    "parroquia": ("Parroquia del barrio", Kind.CHURCH),
    "clinica-juridica": ("Clínica jurídica para migrantes", Kind.NGO),
    "voluntariado": ("Voluntariado", Kind.VOLUNTEERS),
}
# Who gives what: the longest beginning of a service's code decides.
GIVEN_BY = {
    "FOOD": ("dif-cdmx", "dif-cdmx", "dif-cdmx", "parroquia"),
    "CLO": ("voluntariado", "parroquia"),
    "NFI": ("dif-cdmx", "cruz-roja"),
    "HYG": ("cruz-roja",),
    "MED": ("sedesa", "sedesa", "cruz-roja"),
    "PSS": ("dif-cdmx",),
    "RFL": ("cruz-roja",),
    "LEG": ("clinica-juridica", "cdhcm", "cndh"),
    "LEG-ASY": ("acnur", "clinica-juridica"),
    "LEG-RET": ("oim",),
}
# At which desks a service is recorded, by the beginning of its code, and by which colleagues.
DESKS = {
    "FOOD": tuple(f"food {number}" for number in range(1, 9)),
    "CLO": ("clothing 1", "clothing 2"),
    "NFI": ("clothing 1", "clothing 2"),
    "HYG": ("clothing 1", "clothing 2"),
    "MED": ("health 1", "health 2"),
    "PSS": ("health 3", "health 4"),
    "LEG": ("legal 1", "legal 2"),
    "RFL": ("registration 9", "registration 10"),
}
RECORDED_BY = {"MED": "health", "PSS": "health", "LEG": "legal"}
STAFF = {
    "volunteer": ("ana", "beto", "carmen", "dario", "elena", "fabian", "gloria", "hugo"),
    "health": ("irma", "joel"),
    "legal": ("karina", "leo"),
    "coordinator": ("marta",),
}
TENTS = {  # in order of preference
    "adolescents": "JF",
    "lgbt": "GF",
    "men": "DEFAB",
    "women": "CFAB",
    "families": "ABFC",
}


def shelter() -> Shelter:
    made, _is_new = Shelter.objects.get_or_create(code="palillo", defaults=SHELTER)
    made.refresh_from_db()  # the hours of the meals are times only once they were stored
    return made


def zones(palillo: Shelter) -> dict[str, Zone]:
    return {
        code: Zone.objects.get_or_create(
            shelter=palillo, code=code, defaults={"name": name, "meant_for": meant_for, "capacity": capacity}
        )[0]
        for code, (name, meant_for, capacity) in ZONES.items()
    }


def stations(palillo: Shelter) -> dict[str, Station]:
    return {
        code: Station.objects.get_or_create(shelter=palillo, code=code, defaults={"name": name})[0]
        for code, name in STATIONS.items()
    }


def organizations() -> dict[str, Organization]:
    return {
        code: Organization.objects.get_or_create(code=code, defaults={"name": name, "kind": kind})[0]
        for code, (name, kind) in ORGANIZATIONS.items()
    }


def staff(palillo: Shelter) -> dict[str, list[User]]:
    """The accounts that recorded everything, by role; none opens until a password is set."""
    return {
        role: [colleague(palillo, role, username) for username in usernames]
        for role, usernames in STAFF.items()
    }


def colleague(palillo: Shelter, role: str, username: str) -> User:
    user, is_new = User.objects.get_or_create(username=username, defaults={"first_name": username.title()})
    user.shelters.add(palillo)
    if is_new:  # an account that was there keeps its own password and rights
        user.set_unusable_password()
        user.save(update_fields=["password"])
        roles.grant(user, roles.BY_CODE[role])
    return user


def given_by(code: str) -> tuple[str, ...]:
    return GIVEN_BY.get(code) or GIVEN_BY[code.partition("-")[0]]


class Cast(NamedTuple):
    """What every row refers to."""

    shelter: Shelter
    zones: dict[str, Zone]
    stations: dict[str, Station]
    organizations: dict[str, Organization]
    staff: dict[str, list[User]]
    notice: PrivacyNotice

    @property
    def coordinator(self) -> User:
        return self.staff["coordinator"][0]


def cast() -> Cast:
    palillo = shelter()
    return Cast(
        palillo,
        zones(palillo),
        stations(palillo),
        organizations(),
        staff(palillo),
        PrivacyNotice.objects.latest(),
    )


class Tents:
    """Finds a family a tent meant for them that still has room; places of those who left early stay empty."""

    def __init__(self, zones: dict[str, Zone]):
        self.zones, self.taken = zones, Counter()

    def place(self, party: Party, kind: str = "") -> Zone:
        choice = TENTS[kind or kind_of(party)]
        code = next((c for c in choice if self.taken[c] + party.size <= ZONES[c][2]), choice[0])
        self.taken[code] += party.size
        return self.zones[code]


def kind_of(party: Party) -> str:
    """Which tents a family is sent to."""
    if "teen" in party.shape:
        return "adolescents"
    if party.size > 1 and party.shape not in ("brothers", "friends"):
        women_only = all(member.sex == "F" for member in party.members if member.is_adult)
        return "women" if women_only else "families"
    return "women" if party.members[0].sex == "F" else "men"
