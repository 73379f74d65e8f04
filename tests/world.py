"""One of everything at a shelter, so that every address has a record to be asked about."""

from datetime import timedelta
from types import SimpleNamespace

from allauth.mfa.totp.internal.auth import generate_totp_secret
from django.core import signing
from django.utils import timezone

from intake import actions
from intake.allowances import Thing
from intake.device_forms import opened
from intake.ids import uuid7
from intake.models import (
    Alert,
    DataRequest,
    ExportRequest,
    Goods,
    GoodsMovement,
    HandOver,
    Headcount,
    Language,
    LegalOutcome,
    LookAlike,
    Plan,
    PrivacyNotice,
    Region,
    ServiceCategory,
    ServiceType,
    SpecificNeed,
    Tally,
)
from intake.views.queue import SCREEN
from shelters import second_factor
from shelters.audit import Action, record
from tests import factories
from tests.devices import device_record, token_of
from tests.factories import roles

NAME = "Zzyzx"  # of everybody here: who may not read it must not find it
RELATIONS = ("own", "other", "none")
LISTS = {
    "region": Region,
    "language": Language,
    "specificneed": SpecificNeed,
    "plan": Plan,
    "legaloutcome": LegalOutcome,
    "servicecategory": ServiceCategory,
    "servicetype": ServiceType,
    "privacynotice": PrivacyNotice,
    "goods": Goods,
}


def accounts(ours, theirs) -> dict:
    """(role, relation to our shelter) to an account of that role: of ours, of the other one, of none."""
    where = {"own": [ours], "other": [theirs], "none": []}
    return {
        (role, relation): factories.make_user(role, shelters=where[relation], username=f"{role}-{relation}")
        for role in roles.BY_CODE
        for relation in RELATIONS
    }


def one_of_each(shelter, *, by, coordinator) -> SimpleNamespace:
    """One record of each table, named like its model; saved twice, so that it has versions to read."""
    now = timezone.now()
    world = SimpleNamespace(shelter=shelter, now=now, by=by, coordinator=coordinator)
    world.zone = factories.make_zone(shelter)
    world.organization = factories.make_organization(f"org-{shelter.code}", name="Org")
    world.user = factories.make_user("volunteer", shelters=[shelter], username=f"never-{shelter.code}")
    second_factor.set_up(world.user, generate_totp_secret())
    people_of(world)
    services_of(world)
    comings_and_goings_of(world)
    judged_of(world)
    counted_of(world)
    asked_and_handed_over_of(world)
    for name, model in LISTS.items():
        setattr(world, name, model.objects.first())
    for row in vars(world).values():
        if hasattr(row, "history"):
            row.save()
    world.accessevent = record(Action.FAMILY_OPENED, by=by, shelter=shelter, subject=world.family)
    world.token = signing.dumps(shelter.pk, salt=SCREEN)
    return world


def household(world, *members, **fields):
    members = [{"given_names": name, "surnames": NAME, "age": age} for name, age in members]
    return factories.make_family(world.shelter, *members, by=world.by, at=world.now, **fields)


def people_of(world):
    world.lateform = late_form_of(world)
    world.family = household(world, ("Ana", 34), ("Leo", 9), comments=f"{NAME} pide una cobija")
    submission = factories.make_submission(world.by, key=world.family.pk)
    submission.family = world.family
    submission.save()
    world.person = world.family.members.first()
    world.personneed = factories.make_need(world.person, "X-PR", at=world.now)
    world.intention = factories.make_intention(world.person, at=world.now)
    world.note = factories.make_note(world.person, f"{NAME} pide asilo", by=world.by)
    world.stay = world.person.stays.get()
    world.card = factories.make_card(world.family, at=world.now)
    world.cardbatch = factories.make_batch(world.shelter, by=world.coordinator, cards=2)


def late_form_of(world):
    """A form of a device whose age is wrong."""
    record = device_record(token_of(world.by, world.shelter), {"surnames": NAME, "age": "200"})
    late = opened(record["id"], record["sealed"]).late()
    late.save()
    return late


def services_of(world):
    world.servicereceived = factories.make_service(world.person, at=world.now)
    world.station = factories.make_station(world.shelter)
    world.visit = uuid7()
    thing = Thing(world.person, Goods.objects.get(pk="SOCKS"), "", 1)
    actions.hand_out(
        submission=factories.make_submission(world.by, key=world.visit),
        family=world.family,
        station=world.station,
        things=[thing],
        by=world.by,
    )
    world.goodsmovement = GoodsMovement.objects.get(form=world.visit)
    world.ticket = factories.make_ticket(world.shelter, at=world.now, by=world.by, family=world.family)
    world.tally = Tally.objects.create(
        shelter=world.shelter,
        service_type_id="FOOD-LUN",
        counted_at=world.now,
        counted_on=world.shelter.today(),
        slot=world.shelter.meal_at(world.now),
        recorded_by=world.by,
    )


def comings_and_goings_of(world):
    leaving = household(world, ("Olga", 40), ("Iker", 15))
    actions.depart([leaving.members.first()], at=world.now, to="north", by=world.by)
    world.departure = world.shelter.departures.get()
    world.alert = Alert.objects.get(shelter=world.shelter)  # Iker stays behind
    world.headcount = Headcount.objects.create(
        shelter=world.shelter,
        zone=world.zone,
        counted_at=world.now,
        counted_on=world.shelter.today(),
        people=3,
        registered=2,
        by=world.by,
    )


def judged_of(world):
    again, third, fourth = (household(world, (name, 34)) for name in ("Anna", "Rosa", "Rosita"))
    world.lookalike = LookAlike.of(world.person, again.members.get(), certainty=90)
    world.lookalike.save()
    pairs = [(third.members.get(), fourth.members.get())]
    world.merge = actions.merge(third, fourth, pairs=pairs, by=world.coordinator)


def counted_of(world):
    a_moment_ago = world.now - timedelta(seconds=1)
    world.cut = actions.freeze(world.shelter, a_moment_ago, by=world.coordinator)


def asked_and_handed_over_of(world):
    today, of = world.shelter.today(), {"shelter": world.shelter}
    world.datarequest = DataRequest(
        **of, person=world.person, kind="access", received_on=today, received_by=world.by
    )
    world.datarequest.set_the_clock()
    world.datarequest.save()
    actions.record_consents(world.family, {world.organization: True}, by=world.coordinator)
    told = {"what": "list.csv", "purpose": "care", "fields": "names", "people": 1}
    actions.hand_over(world.shelter, world.organization, **told, by=world.coordinator)
    world.handover = HandOver.objects.get(**of)
    world.administrator = factories.make_user("administrator", username=f"reads-{world.shelter.code}")
    world.breakglass = actions.ask_break_glass(world.shelter, "nadie puede", by=world.administrator)
    world.exportrequest = ExportRequest.objects.create(
        **of, asked_by=world.coordinator, kind="csv", table="people", since=today, until=today, people=201,
        answers={"purpose": "own_work"},
    )  # fmt: skip
