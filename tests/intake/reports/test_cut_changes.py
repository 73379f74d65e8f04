"""A frozen census opened a week later: the numbers stay, and what was written since accounts for the difference."""

import json
from collections import Counter
from datetime import date, timedelta
from random import Random

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from intake import actions
from intake.ages import Birth
from intake.models import Family, Person, PersonNeed, PrivacyNotice, Relationship, SpecificNeed
from intake.models.tracked import correct
from intake.reports.census import census
from intake.reports.cut_changes import changes, sides
from intake.reports.cuts import numbers_of
from tests.factories import (
    NOW,
    make_family,
    make_need,
    make_submission,
    make_user,
)

pytestmark = pytest.mark.django_db
HOUR, WEEK = timedelta(hours=1), timedelta(days=7)
AS_OF = NOW + 6 * HOUR  # 15:00 in Mexico City


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as travel:
        yield travel


@pytest.fixture
def by(palillo):
    return make_user("coordinator", shelters=[palillo])


@pytest.fixture
def arrive(palillo, by):
    def arrived(*members, **options):
        return list(make_family(palillo, *members, by=by, **options).members.order_by("position"))

    return arrived


@pytest.fixture
def freeze(palillo, by, clock):
    """The census of 15:00, frozen some minutes later; then a week goes by."""

    def frozen():
        clock.move_to(AS_OF + timedelta(minutes=5))
        cut = actions.freeze(palillo, AS_OF, by=by)
        clock.shift(WEEK)
        return cut

    return frozen


def told(cut) -> dict:
    """Reason → (how many, what it does), after looking that it all adds up."""
    live = census(cut.shelter, cut.as_of)
    found = changes(cut, live)
    total = Counter(numbers_of(live))
    total.subtract(cut.numbers)
    for change in found:
        total.subtract(change.cells)
    assert not any(total.values())
    return {
        change.reason: (
            change.size or len(change.people),
            {code: number for code, number in change.cells.items() if number},
        )
        for change in found
    }


def register(palillo, by, *ages, arrived_on=None):
    """As the desk does it, maybe for an earlier day."""
    family = Family(
        shelter=palillo,
        registered_on=palillo.today(),
        registered_by=by,
        arrived_on=arrived_on or palillo.today(),
        notice=PrivacyNotice.objects.latest(),
        notice_answer="accepted",
    )
    people = [unsaved(family, age) for age in ages]
    people[0].relationship = Relationship.HEAD
    return actions.register_family(submission=make_submission(by), family=family, people=people, by=by)


def unsaved(family, age):
    person = Person(given_names="Ana", sex="F", origin_country="HN", relationship=Relationship.CHILD)
    person.birth = Birth.from_age(age, family.shelter.today())
    return person


def test_nothing_was_written_since(arrive, freeze):
    arrive({"age": 30}, {"age": 4})
    assert told(freeze()) == {}


def test_departures_and_returns_since_change_nothing(arrive, freeze, palillo, by, clock):
    people = arrive({"age": 30}, {"age": 4})
    cut = freeze()
    actions.depart(people, at=timezone.now(), to="north", by=by)
    clock.shift(HOUR)
    actions.come_back(people, shelter=palillo, by=by)
    assert told(cut) == {}


def test_people_written_down_later(arrive, freeze, palillo, by):
    arrive({"age": 30})
    cut = freeze()
    register(palillo, by, 40, 3, arrived_on=palillo.day_of(AS_OF))
    register(palillo, by, 20)  # of today: not of that day
    assert told(cut) == {
        "late": (
            2,
            {"total": 2, "adults": 1, "minors": 1, "age_0_5": 1, "families": 1, "sex.F": 2, "origin.HN": 2},
        )
    }


def test_a_member_added_later_was_not_there(arrive, freeze, by):
    mother, *_others = arrive({"age": 30})
    cut = freeze()
    actions.add_member(mother.family, unsaved(mother.family, 2), submission=make_submission(by), by=by)
    assert told(cut) == {}


def test_an_age_a_sex_a_country(arrive, freeze, by):
    one, two, three, four = arrive({"age": 30}, {"age": 17}, {"age": 20}, {"age": 33})
    cut = freeze()
    two.birth = Birth.from_age(18, date(2018, 11, 6))
    actions.change_person(two, ["age"], by=by)
    three.sex, one.origin_country = "M", "GT"
    actions.change_person(three, ["sex"], by=by)
    actions.change_person(one, ["origin_country"], by=by)
    four.given_names = "Otra"  # changes no cell
    actions.change_person(four, ["given_names"], by=by)
    assert told(cut) == {
        "age": (1, {"adults": 1, "minors": -1}),
        "sex": (1, {"sex.F": -1, "sex.M": 1}),
        "origin": (1, {"origin.HN": -1, "origin.GT": 1}),
    }


def test_a_correction_before_the_freezing_and_one_after(arrive, freeze, by, clock):
    _mother, child = arrive({"age": 30}, {"age": 4})
    clock.shift(HOUR)
    child.birth = Birth.from_age(5, date(2018, 11, 6))
    actions.change_person(child, ["age"], by=by)
    cut = freeze()
    child.birth = Birth.from_age(6, date(2018, 11, 6))
    actions.change_person(child, ["age"], by=by)
    assert told(cut) == {"age": (1, {"age_0_5": -1})}


def test_a_record_joined_with_another(arrive, freeze, palillo, by):
    one, other = arrive({"age": 30}), arrive({"age": 31})
    make_need(other[0], "X-PR")
    cut = freeze()
    merge = actions.merge(one[0].family, other[0].family, pairs=[(one[0], other[0])], by=by)
    less = {"total": -1, "adults": -1, "families": -1, "sex.F": -1, "origin.HN": -1}
    assert told(cut) == {"joined": (1, less)}  # the need is hers: still one pregnant
    actions.undo_merge(merge, by=by)
    assert told(cut) == {}


def test_joined_before_and_parted_after(arrive, freeze, by, clock):
    one, other = arrive({"age": 30}), arrive({"age": 31}, {"age": 4})
    clock.shift(HOUR)
    merge = actions.merge(one[0].family, other[0].family, pairs=[(one[0], other[0])], by=by)
    cut = freeze()
    actions.undo_merge(merge, by=by)
    found = told(cut)
    assert found["parted"][0] == 1
    assert found["parted"][1]["total"] == 1


def test_who_comes_along_with_a_joined_family(arrive, freeze, by):
    one, other = arrive({"age": 30}), arrive({"age": 31}, {"age": 4})
    cut = freeze()
    actions.merge(one[0].family, other[0].family, pairs=[(one[0], other[0])], by=by)
    found = told(cut)
    assert (found["joined"][0], found["joined"][1]["families"]) == (1, -1)
    assert found["family"] == (1, {})


def test_a_departure_undone_and_one_noted_late(arrive, freeze, palillo, by, clock):
    gone, there = arrive({"age": 30}), arrive({"age": 50, "sex": "M"})
    departure = actions.depart_together(gone, shelter=palillo, at=NOW + HOUR, to="north", by=by)
    cut = freeze()
    actions.undo_departure(departure, by=by)
    stay = there[0].stays.get()
    stay.out_at, stay.out_on = NOW + 2 * HOUR, palillo.day_of(NOW)
    correct([stay], ["out_at", "out_on"], by=by)
    assert told(cut) == {"stay": (2, {"sex.F": 1, "sex.M": -1})}


def test_an_arrival_moved_to_another_day(arrive, freeze, by):
    mother, _child = arrive({"age": 30}, {"age": 4})
    cut = freeze()
    mother.family.arrived_on += timedelta(days=1)
    actions.change_family(mother.family, ["arrived_on"], by=by)
    assert told(cut)["stay"][0] == 2


def test_a_registration_undone(arrive, palillo, by, clock):
    arrive({"age": 30})
    family = register(palillo, by, 40, 3)
    clock.move_to(AS_OF)
    cut = actions.freeze(palillo, AS_OF, by=by)
    clock.shift(timedelta(minutes=2))
    actions.undo_registration(family, by=by)
    number, cells = told(cut)["undone"]
    assert (number, cells["total"], cells["adults"], cells["families"]) == (2, -2, -1, -1)


def test_a_child_left_alone_by_a_correction(arrive, freeze, palillo, by):
    mother, _girl = arrive({"age": 30}, {"age": 14})
    cut = freeze()
    stay = mother.stays.get()
    stay.out_at, stay.out_on = NOW + HOUR, palillo.day_of(NOW)
    correct([stay], ["out_at", "out_on"], by=by)
    found = told(cut)
    assert found["family"] == (1, {"unaccompanied_adolescents": 1})
    assert found["stay"][1]["total"] == -1


def test_a_family_split(arrive, freeze, by):
    mother, girl = arrive({"age": 30}, {"age": 14})
    cut = freeze()
    actions.split_family(mother.family, [girl], submission=make_submission(by), by=by)
    assert told(cut) == {"family": (1, {"families": 1, "unaccompanied_adolescents": 1})}


def test_needs_put_right_in_the_admin(arrive, freeze, by):
    one, two = arrive({"age": 30}, {"age": 40})
    need = make_need(one, "DS")
    cut = freeze()
    actions.record_need(two, SpecificNeed.objects.get(pk="X-PR"), state="reported", by=by)  # from today on
    actions.record_need(one, need.need, state="ruled_out", reason="x", by=by)  # from today on
    assert told(cut) == {}
    make_need(two, "DS", at=NOW, by=by)
    PersonNeed.objects.get(pk=need.pk).delete()
    assert told(cut) == {"need": (2, {})}


def test_names_forgotten_leave_a_line_of_their_own(arrive, freeze, by, clock):
    """Taking back the agreement deletes the versions: what they told is gone, and the page says so."""
    one, child = arrive({"age": 30}, {"age": 4})
    cut = freeze()
    child.birth = Birth.from_age(7, date(2018, 11, 6))
    actions.change_person(child, ["age"], by=by)
    one.family.notice_answer = "refused"
    actions.change_family(one.family, ["notice_answer"], by=by)
    assert told(cut) == {"untold": (0, {"age_0_5": -1})}


def test_another_shelters_corrections_are_no_reason(arrive, freeze, annex, by):
    arrive({"age": 30})
    elsewhere = make_family(annex, {"age": 30}, by=by).members.get()
    cut = freeze()
    elsewhere.sex = "M"
    actions.change_person(elsewhere, ["sex"], by=by)
    assert told(cut) == {}


def test_the_frozen_numbers_are_the_same_bytes_after_everything(arrive, freeze, palillo, by, clock):
    one, other = arrive({"age": 30}, {"age": 14}), arrive({"age": 31})
    cut = freeze()
    before = stored(cut), json.dumps(cut.numbers, sort_keys=True)
    actions.merge(one[0].family, other[0].family, pairs=[(one[0], other[0])], by=by)
    register(palillo, by, 40, 3, arrived_on=palillo.day_of(AS_OF))
    one[1].refresh_from_db()
    one[1].birth = Birth.from_age(18, date(2018, 11, 6))
    actions.change_person(one[1], ["age"], by=by)
    actions.depart(one, at=timezone.now(), to="north", by=by)
    clock.shift(HOUR)
    actions.come_back(one, shelter=palillo, by=by)
    cut.refresh_from_db()
    assert (stored(cut), json.dumps(cut.numbers, sort_keys=True)) == before
    assert {reason: number for reason, (number, _cells) in told(cut).items()} == {
        "late": 2,
        "joined": 1,
        "age": 1,
    }


def stored(cut) -> str:
    """The column as the database holds it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT CAST(numbers AS text) FROM intake_cut")
        return cursor.fetchone()[0]


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_every_cell_is_accounted_for(seed, arrive, freeze, palillo, by, clock):
    rng = Random(seed)
    for _n in range(12):
        arrive(*({"age": rng.choice((2, 5, 13, 16, 30, 50))} for _m in range(rng.randrange(1, 5))))
    cut, done = freeze(), 0
    while done < 40:
        clock.shift(HOUR)
        done += something(rng, palillo, by)
        assert "untold" not in told(cut)
    assert told(cut)


def something(rng, palillo, by) -> int:
    """Somebody joins, corrects, splits, leaves or comes; 0 when it could not be."""
    people = list(Person.objects.standing().select_related("family__shelter").order_by("pk"))
    one, other = rng.sample(people, 2)
    match rng.randrange(8):
        case 0 if one.family_id != other.family_id:
            whole = rng.random() < 0.5
            actions.merge(one.family, other.family, pairs=[(one, other)], whole=whole, by=by)
        case 1:
            one.birth = Birth.from_age(rng.choice((3, 14, 40)), date(2018, 11, 6))
            actions.change_person(one, ["age"], by=by)
        case 2 if one.family.members.count() > 1:
            actions.split_family(one.family, [one], submission=make_submission(by), by=by)
        case 3:
            actions.depart([one, other], at=timezone.now(), to="north", by=by)
        case 4:
            actions.come_back([one, other], shelter=palillo, by=by)
        case 5:
            register(palillo, by, 30, rng.choice((1, 15)), arrived_on=palillo.day_of(AS_OF))
        case 6 if stay := one.stays.filter(out_at=None).first():
            stay.in_at = rng.choice((NOW, AS_OF + HOUR))
            correct([stay], ["in_at"], by=by)
        case 7:
            make_need(
                one, rng.choice(("DS", "X-PR", "SC-UC")), at=NOW, by=by, state="ruled_out", ruled_out_at=NOW
            )
        case _:
            return 0
    return 1


def test_its_queries_do_not_grow_with_the_corrections(arrive, freeze, palillo, by):
    families = [arrive({"age": 30}, {"age": 14}, {"age": 3}) for _n in range(12)]
    for mother, _girl, _boy in families:
        make_need(mother, "DS")
    cut, counted = freeze(), []
    for some in (families[:1], families[1:]):
        for _mother, girl, boy in some:
            girl.sex = "M"
            actions.change_person(girl, ["sex"], by=by)
            make_need(boy, "DS", by=by)
            register(palillo, by, 40, 3, arrived_on=palillo.day_of(AS_OF))
        live = census(palillo, AS_OF)
        with CaptureQueriesContext(connection) as queries:
            changes(cut, live)
        counted.append(len(queries))
    assert counted[0] == counted[1]


def test_each_person_counts_in_the_cells_of_the_census(crowd_with_needs):
    """The cells are told twice, in SQL and person by person: over everybody they are the same."""
    cut, people = crowd_with_needs
    for side in sides_of_all(cut, people):
        counted = Counter(code for cells in side.cells.values() for code in cells)
        counted["families"] = len(side.families())
        wanted = {
            code: number for code, number in numbers_of(census(cut.shelter, cut.as_of)).items() if number
        }
        assert dict(counted) == wanted


def sides_of_all(cut, people):
    """Both sides when everybody has been touched since."""
    for person in people:
        person.known_as = "Tocada"
        person.save()
    return sides(cut)


@pytest.fixture
def crowd_with_needs(arrive, freeze, by):
    people = []
    for needs in (["X-PR"], ["DS", "DS-BD"], ["X-LG"], ["SC-UC"], []):
        members = [
            {"age": 34},
            {"age": 17, "sex": "M"},
            {"age": 12, "sex": "X", "origin_country": "XA"},
            {"age": 5, "origin_country": "GT"},
            {"age": 6},
            {"age": None, "sex": "U", "origin_country": "XU"},
            {"age": 16, "relationship": Relationship.COMPANION},
            {"age": 18},
        ]
        for group in (members, members[1:], members[1:6]):
            found = arrive(*group)
            people += found
            for person in found:
                for code in needs:
                    make_need(person, code)
    for person, state in zip(people, ["confirmed", "reported"] * 100, strict=False):
        make_need(person, "SC-SC", state=state)
    ruled_out = [person for person in people if person.needs.filter(need="SC-UC").exists()]
    for person in ruled_out[::2]:
        need = person.needs.get(need="SC-UC")
        need.state, need.ruled_out_at = "ruled_out", NOW + HOUR
        need.save()
    return freeze(), people
