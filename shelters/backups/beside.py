"""What lies beside the backups because it has to be newer than any that is restored. Apps say so in their config."""

from django.apps import apps


def keep_beside(folder) -> None:
    for config in apps.get_app_configs():
        if keep := getattr(config, "beside_backup", None):
            keep(folder)


def after_restore(folder) -> list[str]:
    """What each app did with it, in words. In the transaction of the restore."""
    done = [getattr(config, "after_restore", None) for config in apps.get_app_configs()]
    return [do(folder) for do in done if do]
