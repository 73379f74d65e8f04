from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class IntakeConfig(AppConfig):
    name = "intake"
    verbose_name = _("Families and services")

    def ready(self):
        from intake import reference

        post_migrate.connect(reference.load, sender=self)
