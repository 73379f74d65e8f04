"""For an account whose phone and codes are lost when no administrator can help. See ADR 26."""

from django.core.management.base import BaseCommand, CommandError

from shelters import second_factor
from shelters.models import User


class Command(BaseCommand):
    help = "Takes off the second factor of an account. It sets up a new one at its next sign-in."

    def add_arguments(self, parser):
        parser.add_argument("username")

    def handle(self, *, username, **_options):
        account = User.objects.filter(username=username).first()
        if not account or not second_factor.has_factor(account):
            raise CommandError(f"“{username}” is no account with a second factor.")
        second_factor.take_off(account, by=None)
        self.stdout.write(f"The second factor of {username} is off, and its sessions are over.")
