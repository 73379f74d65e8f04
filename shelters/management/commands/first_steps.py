"""What `dev.py run` does after `migrate`: invented people and sign-ins, or a link for the first administrator."""

import secrets

from django.core import signing
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.urls import reverse
from django.utils import translation

from shelters import roles
from shelters.models import Shelter, User
from shelters.views import FIRST_ADMINISTRATOR

SIGN_INS = {
    "volunteer": "ana",
    "legal": "lucia",
    "health": "hugo",
    "coordinator": "carmen",
    "data_officer": "dora",
    "administrator": "alma",
}
WORDS = "agua barco cielo dulce faro gato hoja isla jarra lago luna mango nube olla pan rama sal tren uva vela".split()


class Command(BaseCommand):
    help = "On an empty database: the demo with its sign-ins, or (--empty) a one-time link for the first administrator."

    def add_arguments(self, parser):
        parser.add_argument("--address", default="http://127.0.0.1:8000")
        parser.add_argument("--empty", action="store_true")

    def handle(self, *, address, empty, **_options):
        if empty:
            if not User.objects.exists():
                self.stdout.write(
                    "\nNobody can sign in yet. This link makes the first administrator, once, within a day:\n"
                )
                self.stdout.write(f"  {address}{first_administrator_path()}\n")
            else:
                self.stdout.write(
                    "This database has accounts already. (An empty one: delete the folder var/.)"
                )
            return
        if User.objects.exists() or Shelter.objects.exists():
            self.stdout.write(
                "This database is in use; its sign-ins are what they were. (A new one: delete the folder var/.)"
            )
            call_command("demo_data", "palillo", "--today")  # if it is the demo; else nothing
            return
        call_command("demo_data", "palillo", stdout=self.stdout, stderr=self.stderr)
        self.stdout.write("\nDemo sign-ins, new for this database (no second factor is asked of them):\n")
        for role, name in SIGN_INS.items():
            self.stdout.write(f"  {roles.BY_CODE[role].__name__:14} {name:8} {give_password(name, role)}")


def give_password(username, role) -> str:
    """A demo account of this role at every shelter, with a random password of five words."""
    password = "-".join(secrets.choice(WORDS) for _ in range(4)) + f"-{secrets.randbelow(10_000):04}"
    user, _created = User.objects.get_or_create(username=username)
    user.is_demo = True
    user.set_password(password)
    user.save()
    user.shelters.set(Shelter.objects.all())
    user.groups.clear()
    roles.grant(user, roles.BY_CODE[role])
    return password


def first_administrator_path() -> str:
    with translation.override("es"):
        return reverse(
            "first_administrator", args=[signing.dumps(FIRST_ADMINISTRATOR, salt=FIRST_ADMINISTRATOR)]
        )
