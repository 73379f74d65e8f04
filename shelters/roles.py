"""The roles, as reviewed code. `migrate` makes the groups hold exactly these permissions."""

from django.utils.translation import gettext_lazy as _

EVERY = ("view", "add", "change", "delete")


def permissions(app, verbs, *models):
    return {f"{app}.{verb}_{model}" for model in models for verb in verbs}


class Volunteer:
    """Desk, food line, clothes table: finds or registers families, records services, moves people in and out."""

    code = "volunteer"
    label = _("Volunteer")
    opens_admin = False
    second_factor = False
    permissions = (
        permissions("intake", ("view", "add", "change"), "family", "person", "stay", "ticket")
        | permissions("intake", ("view", "add"), "servicereceived", "personneed", "intention")
        | permissions("intake", ("view", "add"), "tally", "headcount", "goodsmovement")
        | {"intake.add_sighting", "shelters.see_shelter_events"}
    )


class LegalAdviser(Volunteer):
    code = "legal"
    label = _("Legal adviser")
    second_factor = True
    permissions = Volunteer.permissions | {
        "intake.handle_legal",
        "intake.see_protection_needs",
        "intake.change_personneed",
    }


class HealthWorker(Volunteer):
    code = "health"
    label = _("Health worker")
    second_factor = True
    permissions = Volunteer.permissions | {
        "intake.handle_health",
        "intake.see_protection_needs",
        "intake.change_personneed",
    }


class Coordinator(Volunteer):
    """Reviews reports, corrects records, runs the shelter. Reads no legal or health notes."""

    code = "coordinator"
    label = _("Coordinator")
    opens_admin = True
    second_factor = True
    permissions = (
        Volunteer.permissions
        | {"intake.see_coordination_needs", "intake.view_reports", "intake.freeze_census"}
        | {"intake.export_records", "intake.approve_exports", "intake.view_handover"}
        | {"shelters.view_accessevent", "shelters.end_sessions"}
        | {"intake.view_lateform"}
        | {"shelters.view_breakglass", "shelters.change_breakglass", "shelters.review_breakglass"}
        | permissions("intake", ("view", "change"), "lookalike")
        | permissions("intake", ("view", "add", "change"), "merge")
        | permissions("intake", ("view", "change"), "personneed", "intention", "servicereceived", "alert")
        | permissions("intake", ("view", "add", "change"), "cardbatch", "departure", "tally")
        | permissions("intake", ("view", "add", "change"), "station", "goods")
        | permissions("intake", ("view", "add", "change"), "servicecategory", "servicetype", "privacynotice")
        | permissions("intake", ("view",), "region", "language", "specificneed", "plan", "legaloutcome")
        | permissions("shelters", ("view", "add", "change"), "zone", "organization")
        | permissions("shelters", ("view", "change"), "shelter")
    )


class DataOfficer:
    """Answers requests about a person's own data, exports, erases."""

    code = "data_officer"
    label = _("Data officer")
    opens_admin = True
    second_factor = True
    permissions = (
        permissions("intake", ("view", "change"), "family", "person")
        | permissions(
            "intake", ("view",), "stay", "personneed", "intention", "servicereceived", "privacynotice"
        )
        | {
            "intake.view_reports",
            "intake.freeze_census",
            "intake.export_records",
            "intake.approve_exports",
            "intake.see_coordination_needs",
            "intake.erase_person",
            "shelters.view_accessevent",
            "shelters.see_shelter_events",
            "shelters.view_shelter",
            "shelters.view_breakglass",
            "shelters.review_breakglass",
        }
        | permissions("intake", ("view", "add", "change"), "datarequest")
        | permissions("intake", ("view", "add"), "handover")
    )


class Administrator:
    """Accounts, settings, backups. Reads nobody's file in normal work."""

    code = "administrator"
    label = _("Administrator")
    opens_admin = True
    second_factor = True
    permissions = (
        permissions("shelters", EVERY, "user", "shelter", "zone", "organization")
        | permissions("intake", ("view", "add", "change"), "servicecategory", "servicetype", "privacynotice")
        | permissions(
            "intake", ("view", "change"), "region", "language", "specificneed", "plan", "legaloutcome"
        )
        | {
            "shelters.see_every_shelter",
            "shelters.view_accessevent",
            "shelters.end_sessions",
            "shelters.view_breakglass",
            "shelters.add_breakglass",
            "auth.view_group",
            "intake.approve_exports",
        }
    )


class BreakGlassReader:
    """No role that is given: what break-glass adds for a day, at one shelter. What a coordinator reads of a file."""

    permissions = permissions(
        "intake", ("view",), "family", "person", "stay", "personneed", "intention", "servicereceived"
    ) | {"intake.see_coordination_needs"}


ROLES = [Volunteer, LegalAdviser, HealthWorker, Coordinator, DataOfficer, Administrator]
BY_CODE = {role.code: role for role in ROLES}


def synchronise(using="default", **_kwargs):
    """After every migrate: one group a role, holding what the class says and nothing else."""
    from django.apps import apps
    from django.contrib.auth.management import create_permissions
    from django.contrib.auth.models import Group, Permission
    from django.core.management import call_command

    # The lock-out after wrong passwords counts here.
    call_command("createcachetable", database=using, verbosity=0)
    for label in ("shelters", "intake", "auth"):  # permissions come before grants, on an empty database too
        create_permissions(apps.get_app_config(label), verbosity=0, using=using)
    known = {
        f"{app}.{codename}": pk
        for pk, app, codename in Permission.objects.using(using).values_list(
            "pk", "content_type__app_label", "codename"
        )
    }
    for role in ROLES:
        group, _created = Group.objects.using(using).get_or_create(name=role.code)
        group.permissions.set([known[name] for name in role.permissions])


def grant(user, role) -> None:
    """Give an account this role, and the door to the admin when the role has one."""
    from django.contrib.auth.models import Group

    user.is_staff = user.is_staff or role.opens_admin
    user.save(update_fields=["is_staff"])
    user.groups.add(Group.objects.get(name=role.code))
