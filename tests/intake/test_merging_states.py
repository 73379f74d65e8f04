"""Edit, serve, leave, join, undo and split in any order: nobody and nothing is lost, and the trail is complete."""

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from intake import actions
from intake.models import (
    Family,
    Intention,
    Person,
    PersonNeed,
    Relationship,
    ServiceReceived,
    ServiceType,
    SpecificNeed,
    Stay,
    Submission,
)
from shelters.models import AccessEvent
from tests import factories
from tests.factories import NOW
from tests.intake.test_merging import everything

NUMBER = st.integers(0, 50)
OWNED = (Stay, ServiceReceived, PersonNeed, Intention)


class Records(RuleBasedStateMachine):
    """Some families of one shelter, and what a coordinator and the counters do with them."""

    shelter = by = None  # set by the test

    def __init__(self):
        super().__init__()
        self.example = transaction.atomic()
        self.example.__enter__()
        self.clock = time_machine.travel(NOW, tick=False)
        self.now = self.clock.start()
        self.before = AccessEvent.objects.count()
        self.people, self.services, self.merges, self.undone = 0, 0, [], 0

    def teardown(self):
        self.clock.stop()
        transaction.set_rollback(True)
        self.example.__exit__(None, None, None)

    @initialize(sizes=st.lists(st.integers(1, 3), min_size=2, max_size=4))
    def register(self, sizes):
        for size in sizes:
            people = [{"age": 40 - 12 * number} for number in range(size)]
            factories.make_family(self.shelter, *people, by=self.by)
        self.people = sum(sizes)

    # What there is to choose from

    def family(self, number):
        families = list(Family.objects.standing().filter(members__isnull=False).distinct().order_by("pk"))
        return families[number % len(families)]

    def person(self, number):
        people = list(Person.objects.standing().select_related("family__shelter").order_by("pk"))
        return people[number % len(people)]

    def form(self):
        self.now.shift(timedelta(minutes=20))
        return Submission(key=uuid.uuid4(), digest="a", by=self.by)

    # What people do

    @rule(number=NUMBER, name=st.sampled_from(["Ana", "Neptalí", ""]), head=st.booleans())
    def edit(self, number, name, head):
        self.form()
        person = self.person(number)
        person.given_names = name
        if head:
            person.relationship = Relationship.HEAD
        actions.change_person(person, ["given_names"], by=self.by)

    @rule(number=NUMBER, code=st.sampled_from(["FOOD-LUN", "CLO-SET", "ACC-TNT"]), all_of_them=st.booleans())
    def serve(self, number, code, all_of_them):
        form, family = self.form(), self.family(number)
        members = list(family.members.all())
        kind, now = ServiceType.objects.get(pk=code), timezone.now()
        service = ServiceReceived(service_type=kind, shelter=self.shelter, given_at=now, recorded_by=self.by)
        rows = actions.record_service(
            submission=form,
            service=service,
            people=members if all_of_them else members[:1],
            override_reason="otra vez",
            by=self.by,
        )
        self.services += len(rows)

    @rule(number=NUMBER)
    def cancel(self, number):
        self.form()
        given = list(ServiceReceived.objects.given().select_related("service_type", "shelter").order_by("pk"))
        if given:
            actions.cancel_service(given[number % len(given)], reason="error", by=self.by)

    @rule(
        number=NUMBER, code=st.sampled_from(["X-PR", "X-LG"]), state=st.sampled_from(PersonNeed.State.values)
    )
    def need(self, number, code, state):
        self.form()
        need = SpecificNeed.objects.get(pk=code)
        if state != "ruled_out" or self.person(number).needs.filter(need=need).exists():
            actions.record_need(self.person(number), need, state=state, by=self.by)

    @rule(number=NUMBER)
    def leave_or_come_back(self, number):
        self.form()
        people = [self.person(number)]
        if not actions.depart(people, at=timezone.now(), to="north", by=self.by):
            actions.come_back(people, shelter=self.shelter, by=self.by)

    @rule(number=NUMBER)
    def split(self, number):
        form, family = self.form(), self.family(number)
        leaving = list(family.members.all())[number % 2 :: 2]
        if leaving and len(leaving) < family.members.count():
            actions.split_family(family, leaving, submission=form, by=self.by)

    @rule(one=NUMBER, other=NUMBER, pairs=st.integers(0, 3), whole=st.booleans())
    def merge(self, one, other, pairs, whole):
        self.form()
        kept, gone = self.family(one), self.family(other)
        same = list(zip(kept.members.all(), gone.members.all(), strict=False))[: max(pairs, not whole)]
        if kept == gone:
            return
        picks = {person: {"surnames": mate.surnames, "birth": mate.birth} for person, mate in same}
        merge = actions.merge(kept, gone, pairs=same, picks=picks, whole=whole, by=self.by)
        self.merges.append((merge, {mate.pk for _person, mate in same}))

    @rule(one=NUMBER, other=NUMBER, pairs=st.integers(0, 3), whole=st.booleans())
    def merge_and_undo_at_once(self, one, other, pairs, whole):
        """From wherever we are: every row is as it was."""
        before, standing = everything(), len(self.merges)
        self.merge(one, other, pairs, whole)
        if len(self.merges) > standing:
            assert actions.undo_merge(self.merges.pop()[0], by=self.by) == []
            self.undone += 1
        assert everything() == before

    @rule(number=NUMBER)
    def undo(self, number):
        self.form()
        if self.merges:
            merge, same = self.merges[-1 - number % len(self.merges)]
            try:
                actions.undo_merge(merge, by=self.by)
            except actions.CannotUndo as refused:
                assert refused.reason == "built_on" and merge != self.merges[-1][0]
            else:
                self.merges.remove((merge, same))
                self.undone += 1

    # What is true at every moment

    @invariant()
    def nobody_is_lost(self):
        joined = {pk for _merge, same in self.merges for pk in same}
        gone = set(Person.objects.filter(merged_into__isnull=False).values_list("pk", flat=True))
        assert gone == joined
        assert Person.objects.standing().count() == self.people - len(joined)
        assert not Person.objects.standing().filter(family__merged_into__isnull=False).exists()

    @invariant()
    def no_service_is_lost(self):
        assert ServiceReceived.objects.count() == self.services
        assert not any(model.objects.filter(person__merged_into__isnull=False).exists() for model in OWNED)

    @invariant()
    def every_family_has_one_head(self):
        members = Person.objects.standing().order_by().values("family")
        heads = members.annotate(heads=Count("pk", filter=Q(relationship=Relationship.HEAD)))
        assert {row["heads"] for row in heads} <= {1}

    @invariant()
    def the_trail_is_complete(self):
        count = AccessEvent.objects.filter
        assert count(action=AccessEvent.Action.MERGED).count() == len(self.merges) + self.undone
        assert count(action=AccessEvent.Action.MERGE_UNDONE).count() == self.undone


@pytest.mark.django_db
def test_nothing_is_lost_in_any_order(cast, palillo):
    machine = type("Records", (Records,), {"shelter": palillo, "by": cast.coordinator})
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=25,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=checks,
            database=None,
        ),
    )
