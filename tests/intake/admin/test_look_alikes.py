"""Possible duplicates: who sees them, what is marked, the four verdicts, joining and taking it back."""

import html5lib
import pytest
from django.contrib.messages import get_messages
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from intake.models import Family, LookAlike, Merge, Person
from shelters.models import AccessEvent
from tests import factories
from tests.intake.admin.pages import INLINE_CODE, NOBODY, address

Verdict = LookAlike.Verdict
FIRST = [
    {"given_names": "Neptalí", "surnames": "Hernández López", "age": 34, "origin_region_id": "HN-OL"},
    {"given_names": "Ale", "surnames": "Hernández", "age": 11},
]
AGAIN = [
    {"given_names": "Neftali", "surnames": "Hernandes", "age": 35, "known_as": "Nef"},
    {"given_names": "Ale", "surnames": "Hernández", "age": 11},
    {"given_names": "Suyapa", "surnames": "Cruz", "age": 4},
]


def alike(one, other, certainty=90, **fields):
    pairs = zip(one.members.order_by("position"), other.members.order_by("position"), strict=False)
    rows = [LookAlike.of(a, b, certainty=certainty - n, **fields) for n, (a, b) in enumerate(pairs)]
    return LookAlike.objects.bulk_create(rows)


@pytest.fixture
def families(cast, palillo):
    later = factories.NOW.replace(hour=20)
    one = factories.make_family(palillo, *FIRST, by=cast.volunteer, desk="registration 2")
    return one, factories.make_family(palillo, *AGAIN, by=cast.volunteer, at=later, comments="Llegó sola")


@pytest.fixture
def pair(families):
    return alike(*families)[0]


def page_of(pair, name="change"):
    return address("lookalike", f"{pair.pk}/{name}/")


def decide(client, pair, verdict):
    seen = client.get(page_of(pair)).context["seen"]
    return client.post(page_of(pair), {"verdict": verdict, "seen": seen})


def sent_from(form):
    """What a browser would send of the form as it was drawn."""
    return {name: form[name].value() or "" for name in form.fields}


def join(client, pair, name="join", **fields):
    form = client.get(page_of(pair, name)).context["form"]
    return client.post(page_of(pair, name), sent_from(form) | fields)


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def strict(response):
    parser = html5lib.HTMLParser(strict=False)
    parser.parse(response.content.decode())
    return [error[1] for error in parser.errors]


# --- the list -----------------------------------------------------------------------------------------------


def test_two_families_are_one_line(coordinator, pair):
    page = coordinator.get(address("lookalike"))
    (row,) = page.context["cl"].result_list
    assert (row.pk, row.alike) == (pair.pk, 2)
    assert "Neptalí Hernández López" in page.text
    assert not INLINE_CODE.search(page.text)


def test_those_put_off_come_last_and_judged_ones_when_asked(coordinator, cast, palillo, families, pair):
    third = factories.make_family(palillo, {"given_names": "Rosa"}, by=cast.volunteer)
    fourth = factories.make_family(palillo, {"given_names": "Rosa"}, by=cast.volunteer)
    weak = alike(families[0], third, certainty=30)[0]
    decide(coordinator, pair, "later")
    decided = alike(families[0], fourth, certainty=99)[0]
    decide(coordinator, decided, "not_same")
    shown = coordinator.get(address("lookalike")).context["cl"].result_list
    assert [row.pk for row in shown] == [weak.pk, pair.pk]
    asked = {
        name: {
            row.pk
            for row in coordinator.get(address("lookalike", f"?verdict={name}")).context["cl"].result_list
        }
        for name in ("not_same", "joined", "all", "nonsense")
    }
    assert asked["not_same"] == {decided.pk}
    assert asked["joined"] == set()
    assert asked["all"] == {weak.pk, pair.pk, decided.pk}
    assert asked["nonsense"] == {weak.pk, pair.pk}


def test_the_list_takes_as_many_queries_for_many_as_for_few(coordinator, cast, palillo, pair):
    coordinator.get(address("lookalike"))

    def queries():
        with CaptureQueriesContext(
            connection,
        ) as context:
            assert coordinator.get(address("lookalike")).status_code == 200
        return len(context)

    few = queries()
    for n in range(6):
        made = [factories.make_family(palillo, {"given_names": f"Ana{n}"}, by=cast.volunteer) for _ in "ab"]
        alike(*made, certainty=50 + n)
    assert queries() == few


def test_an_empty_list_says_so(coordinator, pair):
    words = '<p class="said">'
    assert words not in coordinator.get(address("lookalike")).text
    decide(coordinator, pair, "later")
    assert words not in coordinator.get(address("lookalike", "?verdict=joined")).text
    decide(coordinator, pair, "not_same")
    assert words in coordinator.get(address("lookalike")).text


def test_the_first_page_says_how_many_wait(coordinator, pair):
    assert "(1)</a>" in coordinator.get("/es/admin/").text
    decide(coordinator, pair, "not_same")
    assert "(0)</a>" in coordinator.get("/es/admin/").text


# --- the page of two families -------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["es", "en"])
def test_both_families_stand_side_by_side_and_differences_are_marked(coordinator, pair, language):
    page = coordinator.get(page_of(pair).replace("/es/", f"/{language}/"))
    assert page.status_code == 200
    assert [(str(match.one), str(match.other)) for match in page.context["matches"]][-1] == (
        "None",
        "Suyapa Cruz",
    )
    lines = {line.label: line for line in page.context["matches"][0].lines}
    pairs = {
        (str(match.one), str(match.other)) for match in page.context["matches"] if match.one and match.other
    }
    assert ("Neptalí Hernández López", "Neftali Hernandes") in pairs
    assert any(line.differs for line in lines.values()) or any(
        line.differs for match in page.context["matches"] for line in match.lines
    )
    assert "<mark>" in page.text
    assert "≠" in page.text
    assert not INLINE_CODE.search(page.text)
    assert strict(page) == []


def test_opening_is_on_the_trail_for_both_families(coordinator, families, pair):
    coordinator.get(page_of(pair))
    opened = AccessEvent.objects.filter(action="family_opened").values_list("subject_id", flat=True)
    assert set(opened) == {str(family.pk) for family in families}


def test_what_other_counters_gave_is_a_number(coordinator, families, pair):
    head = families[0].members.first()
    service = factories.make_service(head, "LEG-ASY", outcome_id="ASY-WISH")
    factories.make_need(head, "X-PR")
    page = coordinator.get(page_of(pair))
    assert str(service.service_type) not in page.text
    assert "1" in next(
        line.one for line in page.context["family_lines"] if "·" in line.one and "0" in line.one
    )


# --- verdicts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verdict", ["not_same", "later"])
def test_a_verdict_holds_for_everybody_of_both_families(coordinator, cast, pair, verdict):
    assert decide(coordinator, pair, verdict).url == address("lookalike")
    rows = LookAlike.objects.values_list("verdict", "judged_by")
    assert set(rows) == {(verdict, cast.coordinator.pk)}
    event = AccessEvent.objects.get(action="look_alike_judged")
    assert event.detail == {"verdict": verdict, "pairs": 2}


def test_a_verdict_can_be_changed(coordinator, pair):
    decide(coordinator, pair, "not_same")
    decide(coordinator, pair, "later")
    assert set(LookAlike.objects.values_list("verdict", flat=True)) == {"later"}


def test_who_judges_second_is_told(cast, palillo, coordinator, sign_in, pair):
    seen = coordinator.get(page_of(pair)).context["seen"]
    second = sign_in(factories.make_user("coordinator", shelters=[palillo], username="segunda"))
    decide(second, pair, "not_same")
    answer = coordinator.post(page_of(pair), {"verdict": "later", "seen": seen})
    assert answer.url == page_of(pair)
    assert "segunda" in said(answer)[0]
    assert set(LookAlike.objects.values_list("verdict", flat=True)) == {"not_same"}


@pytest.mark.parametrize(("verdict", "name"), [("same", "join"), ("other_family", "join-person")])
def test_joining_is_asked_on_a_page_of_its_own(coordinator, pair, verdict, name):
    assert decide(coordinator, pair, verdict).url == page_of(pair, name)
    assert set(LookAlike.objects.values_list("verdict", flat=True)) == {"open"}


@pytest.mark.parametrize("verdict", ["", "open", "\U0001f600", "x" * 300, "' OR 1=1"])
def test_no_other_verdict_is_taken(coordinator, pair, verdict):
    assert coordinator.post(page_of(pair), {"verdict": verdict}).status_code == 302
    assert set(LookAlike.objects.values_list("verdict", flat=True)) == {"open"}


# --- joining ------------------------------------------------------------------------------------------------


def test_the_fuller_value_is_chosen_already(coordinator, families, pair):
    form = coordinator.get(page_of(pair, "join")).context["form"]
    one, other = (family.members.first() for family in families)
    chosen = {name.rpartition("-")[2]: form[name].value() for name in form.choices if str(one.pk) in name}
    assert chosen["given_names"] == chosen["surnames"] == chosen["origin"] == "first"
    assert chosen["known_as"] == "second"
    assert form[f"same-{other.pk}"].value() == str(one.pk)
    assert strict(coordinator.get(page_of(pair, "join"))) == []


def test_two_families_become_one(coordinator, families, pair):
    answer = join(coordinator, pair)
    assert answer.status_code == 302, answer.context["form"].errors
    merge = Merge.objects.get()
    assert (merge.kept, merge.gone) == families
    assert str(merge.pk) in said(answer)[0]
    assert families[0].members.standing().count() == 3
    head = families[0].members.standing().get(relationship="HEAD")
    assert (head.given_names, head.known_as) == ("Neptalí", "Nef")
    assert coordinator.get(address("lookalike")).context["cl"].result_count == 0


def test_the_other_family_may_stay(coordinator, families, pair):
    assert join(coordinator, pair, stays="second").status_code == 302
    assert (Merge.objects.get().kept, Merge.objects.get().gone) == families[::-1]


def test_one_person_is_joined_and_the_others_stay(coordinator, families, pair):
    children = {f"same-{person.pk}": "" for person in families[1].members.exclude(position=0)}
    assert join(coordinator, pair, "join-person", **children).status_code == 302
    assert families[0].members.standing().count() == 2
    assert families[1].members.standing().count() == 2
    assert Family.objects.standing().count() == 2


def test_a_second_click_finds_them_joined(coordinator, pair):
    form = coordinator.get(page_of(pair, "join")).context["form"]
    sent = sent_from(form)
    assert coordinator.post(page_of(pair, "join"), sent).status_code == 302
    again = coordinator.post(page_of(pair, "join"), sent)
    record = address("merge", f"{Merge.objects.get().pk}/change/")
    assert again.url == coordinator.get(page_of(pair)).url == record


def test_without_a_joining_to_show_it_leads_back_to_the_list(coordinator, families, pair):
    Person.objects.filter(pk=families[1].members.first().pk).update(merged_into=families[0].members.first())
    answer = coordinator.get(page_of(pair))
    assert answer.url == address("lookalike")
    assert len(said(answer)) == 1


def test_nobody_is_two_people_of_the_other_family(coordinator, families, pair):
    one = families[0].members.first()
    people = {f"same-{person.pk}": str(one.pk) for person in families[1].members.all()}
    answer = join(coordinator, pair, **people)
    assert answer.status_code == 422
    assert sum(name.startswith("same-") for name in answer.context["form"].errors) == 2
    assert not Merge.objects.exists()


def test_a_choice_that_was_not_on_the_page_is_drawn_and_asked_for(coordinator, families, pair):
    ale = families[0].members.get(given_names="Ale")
    suyapa = families[1].members.get(given_names="Suyapa")
    other_ale = families[1].members.get(given_names="Ale")
    turned = {f"same-{other_ale.pk}": "", f"same-{suyapa.pk}": str(ale.pk)}
    answer = join(coordinator, pair, **turned)
    assert answer.status_code == 422
    name = f"pick-{ale.pk}-{suyapa.pk}-given_names"
    assert name in answer.context["form"].errors
    assert f'name="{name}"' in answer.text
    assert coordinator.post(page_of(pair, "join"), sent_from(answer.context["form"])).status_code == 302


@pytest.mark.parametrize("change", [{"stays": "third"}, {"stays": ""}, {"seen": "x"}])
def test_what_makes_no_sense_is_said_beside_it(coordinator, pair, change):
    answer = join(coordinator, pair, **change)
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == set(change)
    assert strict(answer) == []
    assert not Merge.objects.exists()


def test_an_unknown_person_or_value_is_refused(coordinator, families, pair):
    other, one = families[1].members.first(), families[0].members.first()
    names = [f"same-{other.pk}", f"pick-{one.pk}-{other.pk}-surnames"]
    for name, value in [(names[0], NOBODY), (names[0], "\U0001f600"), (names[1], "third")]:
        answer = join(coordinator, pair, **{name: value})
        assert answer.status_code == 422
        assert name in answer.context["form"].errors
    assert not Merge.objects.exists()


def test_nobody_joined_means_nothing_to_do(coordinator, families, pair):
    nobody = {f"same-{person.pk}": "" for person in families[1].members.all()}
    assert join(coordinator, pair, "join-person", **nobody).status_code == 422


def test_records_that_changed_meanwhile_are_looked_at_again(coordinator, families, pair):
    sent = sent_from(coordinator.get(page_of(pair, "join")).context["form"])
    Person.objects.filter(pk=families[1].members.first().pk).update(version=7)
    answer = coordinator.post(page_of(pair, "join"), sent)
    assert answer.status_code == 422
    assert "seen" in answer.context["form"].errors
    assert coordinator.post(page_of(pair, "join"), sent_from(answer.context["form"])).status_code == 302


def test_the_days_of_two_families_must_agree(coordinator, families, pair):
    Family.objects.filter(pk=families[0].pk).update(arrived_on="2018-11-06", left_home_on="2018-11-05")
    Family.objects.filter(pk=families[1].pk).update(arrived_on="2018-11-03", left_home_on="2018-10-15")
    both = [family.pk for family in families]
    name = "pick-{}-{}-left_home_on".format(*both)
    answer = join(coordinator, pair, **{name: "first"})
    assert answer.status_code == 422
    assert name in answer.context["form"].errors


def test_a_family_that_refused_the_notice_is_not_joined(coordinator, cast, palillo, families):
    refused = factories.make_family(
        palillo, {"given_names": "", "surnames": ""}, by=cast.volunteer, notice_answer="refused"
    )
    pair = alike(families[0], refused)[0]
    page = coordinator.get(page_of(pair))
    assert 'value="same"' not in page.text
    assert coordinator.get(page_of(pair, "join")).url == page_of(pair)
    assert decide(coordinator, pair, "not_same").status_code == 302


# --- what was joined, and taking it back --------------------------------------------------------------------


@pytest.fixture
def merge(coordinator, pair):
    join(coordinator, pair)
    return Merge.objects.get()


def test_what_was_joined_is_shown_and_taken_back(coordinator, families, merge, pair):
    assert coordinator.get(address("merge")).context["cl"].result_count == 1
    page = coordinator.get(address("merge", f"{merge.pk}/change/"))
    assert ("Neftali Hernandes", "Neptalí Hernández López") in page.context["same"]
    assert page.context["along"] == ["Suyapa Cruz"]
    assert any(whose == "Neptalí Hernández López" for whose, *_rest in page.context["changed"])
    assert ("Nef" in page.text) and not INLINE_CODE.search(page.text)
    assert strict(page) == []
    answer = coordinator.post(address("merge", f"{merge.pk}/change/"))
    assert answer.status_code == 302
    assert [family.members.standing().count() for family in families] == [2, 3]
    assert coordinator.get(address("merge", "?undone=yes")).context["cl"].result_count == 1
    page = coordinator.get(address("merge", f"{merge.pk}/change/"))
    assert not any(page.context[name] for name in ("same", "along", "theirs", "changed"))
    again = coordinator.post(address("merge", f"{merge.pk}/change/"))
    assert again.status_code == 302
    assert coordinator.get(page_of(pair)).status_code == 200


def test_only_records_that_changed_hands_are_counted(coordinator, families, pair):
    for family in families:
        factories.make_service(family.members.first())
    join(coordinator, pair)
    page = coordinator.get(address("merge", f"{Merge.objects.get().pk}/change/"))
    (services,) = [words for words in page.context["theirs"] if words.startswith("servicios")]
    assert services.endswith(" 1")


def test_a_joined_family_keeps_its_name_and_size_in_the_list(coordinator, merge):
    page = coordinator.get(address("lookalike", "?verdict=joined"))
    (row,) = page.context["cl"].result_list
    assert "Neftali Hernandes, familia de 2" in page.text
    assert coordinator.get(page_of(row)).url == address("merge", f"{merge.pk}/change/")


def test_what_the_database_refuses_to_undo_is_said(coordinator, merge, monkeypatch):
    def refuse(*args, **kwargs):
        raise IntegrityError

    monkeypatch.setattr("intake.actions.undo_merge", refuse)
    answer = coordinator.post(address("merge", f"{merge.pk}/change/"))
    assert answer.status_code == 302
    assert len(said(answer)) > 0
    assert Merge.objects.get().undone_at is None


def test_what_somebody_changed_later_is_kept_and_shown(coordinator, families, merge):
    person = families[0].members.get(known_as="Nef")
    person.known_as = "Neftis"
    person.version += 1
    person.save()
    page = coordinator.post(address("merge", f"{merge.pk}/change/"))
    assert page.status_code == 200
    assert "Neftis" in page.text
    assert page.context["kept_later"]


def test_a_final_joining_shows_no_values_and_no_button(coordinator, merge):
    Merge.objects.update(is_final=True, steps=[])
    page = coordinator.get(address("merge", f"{merge.pk}/change/"))
    assert page.context["changed"] == []
    assert "Nef</bdi>" not in page.text
    assert not page.context["may_undo"]


# --- who may not --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["volunteer", "legal", "health", "data_officer", "administrator"])
def test_only_coordinators_find_them(cast, sign_in, pair, role):
    client = sign_in(getattr(cast, role))
    for page in (address("lookalike"), page_of(pair), page_of(pair, "join"), page_of(pair, "join-person")):
        assert client.get(page).status_code == 404
        assert client.post(page, {"verdict": "not_same"}).status_code == 404
    assert set(LookAlike.objects.values_list("verdict", flat=True)) == {"open"}
    assert client.get(address("merge")).status_code == 404


def test_another_shelters_pairs_are_not_there(coordinator, annex, cast):
    theirs = [factories.make_family(annex, {"given_names": "Ajena"}) for _ in "ab"]
    pair = alike(*theirs)[0]
    merge = Merge.objects.create(shelter=annex, kept=theirs[0], gone=theirs[1], by=cast.stranger)
    assert coordinator.get(address("lookalike", "?verdict=all")).context["cl"].result_count == 0
    for page in (page_of(pair), page_of(pair, "join"), address("merge", f"{merge.pk}/change/")):
        assert coordinator.get(page).status_code == 404
        assert coordinator.post(page, {"verdict": "not_same"}).status_code == 404
    assert LookAlike.objects.get().verdict == "open"


def test_who_only_looks_decides_nothing(cast, sign_in, pair):
    cast.coordinator.groups.get().permissions.filter(
        codename__in=["change_lookalike", "add_merge", "change_merge"]
    )
    group = cast.coordinator.groups.get()
    group.permissions.remove(
        *group.permissions.filter(codename__in=["change_lookalike", "add_merge", "change_merge"])
    )
    client = sign_in(cast.coordinator)
    assert '<form method="post" class="verdicts"' not in client.get(page_of(pair)).text
    assert client.post(page_of(pair), {"verdict": "not_same"}).status_code == 404
    assert client.get(page_of(pair, "join")).status_code == 404


@pytest.mark.parametrize("pk", [NOBODY, "x", "1", "%00", "\U0001f600", "1" * 300])
@pytest.mark.parametrize("name", ["change", "join", "join-person"])
def test_a_key_that_is_none_is_no_page(coordinator, db, pk, name):
    assert coordinator.get(address("lookalike", f"{pk}/{name}/")).status_code in (400, 404)
    assert coordinator.get(address("merge", f"{pk}/change/")).status_code in (400, 404)


def test_nothing_is_added_or_deleted_by_hand(coordinator, pair):
    assert coordinator.get(address("lookalike", "add/")).status_code == 404
    assert coordinator.get(address("merge", "add/")).status_code == 404
    assert coordinator.post(page_of(pair, "delete"), {"post": "yes"}).status_code == 404
