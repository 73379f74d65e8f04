from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class SheltersConfig(AppConfig):
    name = "shelters"
    verbose_name = _("Shelters and staff")

    def ready(self):
        from shelters import checks, roles  # noqa: F401  (checks register themselves)

        post_migrate.connect(roles.synchronise, sender=self)
