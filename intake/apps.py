from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from intake import reference


class IntakeConfig(AppConfig):
    name = "intake"
    verbose_name = _("Families and services")
    filled_by_migrate = frozenset(reference.TABLES.values())  # a backup replaces their rows

    def beside_backup(self, folder):
        """What has to be newer than the backup that is restored one day."""
        from intake import erased

        erased.keep(folder)

    def after_restore(self, folder):
        from intake import erased

        return erased.erase_again(folder)

    def alarms(self) -> list:
        """What `manage.py alarms` tells of people's records, without a name."""
        from intake.alarms import glasses_unsettled, very_many_opened

        return [*very_many_opened(), *glasses_unsettled()]

    def ready(self):
        post_migrate.connect(reference.load, sender=self)
