"""The warning while somebody types, what saving remembers of it, and the name that comes from the search."""

import logging
import re
import uuid
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from intake import actions
from intake.forms.look_alikes import guessed_name, searched_name
from intake.models import Family, LookAlike, Person
from shelters.models import AccessEvent
from tests import factories
from tests.intake.pages import NOBODY, words_of
from tests.intake.test_register import URL as REGISTER
from tests.intake.test_register import posted

CHECK = "/en/families/look-alikes/"
NEFTALI = {"given_names": "Neftali", "surnames": "Hernandes", "age": "34"}


@pytest.fixture
def neptali(palillo, cast):
    """Registered: Neptalí Hernández López, 34, of Olancho, with a daughter."""
    people = [
        {"given_names": "Neptalí", "surnames": "Hernández López", "age": 34, "origin_region_id": "HN-OL"},
        {"given_names": "Ale", "surnames": "Hernández López", "age": 11, "origin_region_id": "HN-OL"},
    ]
    crowd = [("Wilmer", "Zelaya Paz"), ("Keyla", "Mejía Rivas"), ("Santos", "Bonilla"), ("Iris", "Cáceres")]
    for given_names, surnames in crowd:
        factories.make_family(palillo, {"given_names": given_names, "surnames": surnames}, by=cast.health)
    return factories.make_family(palillo, *people, by=cast.health, at=timezone.now()).members.first()


def text_of(answer):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


# --- while typing --------------------------------------------------------------------------------------------


def test_who_is_registered_is_warned_of_before_saving(volunteer, neptali):
    answer = volunteer.post(CHECK, posted(NEFTALI))
    words = text_of(answer)
    assert answer.status_code == 200
    assert "Neptalí Hernández López" in words
    assert "Olancho" in words
    assert "2 people" in words
    assert "In the shelter" in words
    assert "Open (F2)" in words
    assert "surname" in words or "age" in words  # reasons
    assert "%" not in words
    assert f'data-not-same="0:{neptali.pk}' in answer.content.decode()
    assert not LookAlike.objects.exists()
    assert Family.objects.count() == 5


def test_being_shown_somebody_is_on_the_trail_with_counts_only(volunteer, neptali, cast, palillo):
    volunteer.post(CHECK, posted(NEFTALI))
    event = AccessEvent.objects.get(action="look_alikes_shown")
    assert (event.user, event.shelter, event.subject_id) == (cast.volunteer, palillo, "")
    assert event.detail == {"families": 1, "people": 1}


def test_nobody_alike_is_an_empty_answer_and_no_event(volunteer, neptali):
    answer = volunteer.post(CHECK, posted({"given_names": "Xiomara", "surnames": "Funes", "age": "20"}))
    assert answer.content.decode().strip() == ""
    assert not AccessEvent.objects.filter(action="look_alikes_shown").exists()


def test_who_was_said_not_to_be_the_same_is_not_shown_again(volunteer, neptali):
    answer = volunteer.post(CHECK, posted(NEFTALI, not_same=f"0:{neptali.pk}"))
    assert "Neptalí" not in text_of(answer)


def test_the_answer_speaks_the_readers_language(volunteer, neptali):
    english = text_of(volunteer.post(CHECK, posted(NEFTALI)))
    spanish = text_of(volunteer.post(CHECK.replace("/en/", "/es/"), posted(NEFTALI)))
    assert "2 people" in english
    assert "2 personas" in spanish


def test_who_left_is_said_to_have_left(volunteer, neptali, cast):
    actions.depart(neptali.family.members.all(), at=timezone.now(), to="north", by=cast.volunteer)
    assert "Left" in text_of(volunteer.post(CHECK, posted(NEFTALI)))


def test_a_new_brother_is_not_warned_of(volunteer, neptali):
    brother = {"given_names": "Wilfredo", "surnames": "Hernández López", "age": "31", "sex": "M"}
    assert text_of(volunteer.post(CHECK, posted(brother))) == ""


def test_a_check_costs_the_same_queries_whatever_the_size(volunteer, neptali):
    volunteer.post(CHECK, posted(NEFTALI))  # names are counted once a minute
    costs = {cost_of(volunteer, size) for size in (1, 5, 20)}
    assert len(costs) == 1
    assert max(costs) <= 11


def cost_of(client, size):
    with CaptureQueriesContext(connection) as queries:
        assert "Olancho" in text_of(client.post(CHECK, posted(NEFTALI, *[{"given_names": "Ale"}] * size)))
    return len(queries)


def test_sixty_times_a_minute_are_enough(volunteer, neptali, cast, palillo):
    shown = {"user": cast.volunteer, "shelter": palillo, "action": "look_alikes_shown"}
    AccessEvent.objects.bulk_create(AccessEvent(**shown) for _ in range(60))
    answer = volunteer.post(CHECK, posted(NEFTALI))
    assert answer.status_code == 429
    assert "Neptalí" not in text_of(answer)
    assert len(text_of(answer)) > 20
    assert volunteer.post(REGISTER, posted(NEFTALI)).status_code == 302
    assert LookAlike.objects.exists()


# --- who may not ---------------------------------------------------------------------------------------------


def test_a_visitor_is_sent_to_sign_in(client, palillo):
    assert client.post(CHECK, posted(NEFTALI)).status_code == 302


def test_without_the_right_to_register_there_is_no_such_page(sign_in, cast, neptali):
    assert sign_in(cast.data_officer).post(CHECK, posted(NEFTALI)).status_code == 404


def test_without_a_shift_there_is_no_such_page(client, cast, neptali):
    client.force_login(cast.volunteer)
    assert client.post(CHECK, posted(NEFTALI)).status_code == 404


def test_names_are_never_part_of_an_address(volunteer, neptali):
    assert volunteer.get(CHECK).status_code == 405


def test_people_of_another_shelter_are_never_shown(stranger, neptali):
    assert text_of(stranger.post(CHECK, posted(NEFTALI))) == ""


def test_who_refused_the_notice_is_never_shown(volunteer, palillo, cast):
    factories.make_family(
        palillo, {"given_names": "", "surnames": "", "age": 34}, notice_answer="refused", by=cast.health
    )
    assert text_of(volunteer.post(CHECK, posted(NEFTALI))) == ""


# --- bad input -----------------------------------------------------------------------------------------------

GARBAGE = ["n" * 300, "🫓🫓", "a\0b", "\u202eoger", "'; DROP TABLE", ".*(", "%", "²", "  ", "0", "9" * 40]


@pytest.mark.parametrize("text", GARBAGE, ids=range(len(GARBAGE)))
def test_nonsense_in_any_field_is_no_error(volunteer, neptali, text):
    names = ("given_names", "surnames", "known_as", "age", "sex", "relationship", "origin")
    everywhere = dict.fromkeys(names, text)
    answer = volunteer.post(CHECK, posted(everywhere, everywhere, origin=text, not_same=text))
    assert answer.status_code == 200
    words = text_of(volunteer.post(CHECK, posted({**everywhere, **NEFTALI}, everywhere)))
    assert "Neptalí" in words  # what can be read counts


@pytest.mark.parametrize("rows", ["", "x", "-1", "5000", "9" * 30, "²"])
def test_any_number_of_rows_is_answered(volunteer, neptali, rows):
    data = posted(*[NEFTALI] * 60)
    assert volunteer.post(CHECK, {**data, "m-TOTAL_FORMS": rows}).status_code == 200


def test_nothing_at_all_is_nobody(volunteer, neptali):
    assert text_of(volunteer.post(CHECK, {})) == ""


@pytest.mark.parametrize("pair", ["", "0", "0:", "x:y", "0:1234", f"9999:{NOBODY}", f"-1:{NOBODY}", "0:%s;"])
def test_a_pair_that_is_none_is_ignored(volunteer, neptali, pair):
    assert "Neptalí" in text_of(volunteer.post(CHECK, posted(NEFTALI, not_same=pair)))
    assert volunteer.post(REGISTER, posted(NEFTALI, not_same=pair)).status_code == 302
    assert LookAlike.objects.get().verdict == "open"


# --- on saving -----------------------------------------------------------------------------------------------


def test_saving_puts_the_pair_into_the_review_list(volunteer, neptali):
    answer = volunteer.post(REGISTER, posted(NEFTALI))
    assert answer.status_code == 302
    pair = LookAlike.objects.get()
    assert {pair.first, pair.second} == {neptali, Person.objects.get(given_names="Neftali")}
    assert (pair.verdict, pair.judged_by) == ("open", None)


def test_what_was_said_while_typing_is_remembered(volunteer, neptali, cast):
    data = posted({"age": "70", "sex": "M"}, {}, NEFTALI, not_same=f"2:{neptali.pk}")
    page = volunteer.post(REGISTER, data, follow=True)
    pair = LookAlike.objects.get()
    assert (pair.verdict, pair.judged_by) == ("not_same", cast.volunteer)
    assert AccessEvent.objects.get(action="look_alike_judged").detail == {"verdict": "not_same", "pairs": 1}
    assert "Neptalí" not in words_of(page)
    family = Family.objects.get(registered_by=cast.volunteer)
    volunteer.post(f"/es/families/{family.pk}/undo/")
    assert not Family.objects.filter(pk=family.pk).exists()
    assert not LookAlike.objects.exists()


def test_nobody_can_dismiss_whom_the_check_does_not_find(volunteer, neptali):
    other = Person.objects.get(given_names="Wilmer")
    volunteer.post(REGISTER, posted(NEFTALI, not_same=f"0:{other.pk}"))
    assert LookAlike.objects.get().verdict == "open"


def test_a_form_sent_twice_adds_nothing(volunteer, neptali):
    data = posted(NEFTALI)
    volunteer.post(REGISTER, data)
    before = list(LookAlike.objects.values())
    volunteer.post(REGISTER, data)
    assert list(LookAlike.objects.values()) == before


def test_a_mistake_elsewhere_keeps_what_was_said(volunteer, neptali):
    said = f"0:{neptali.pk}"
    for more in ({"days": "xx"}, {"more": "1"}):
        page = volunteer.post(REGISTER, posted(NEFTALI, not_same=[said, "0:<b>"], **more)).content.decode()
        assert f'name="not_same" value="{said}"' in page
        assert "<b>&quot;" not in page


def test_a_family_that_refused_the_notice_is_compared_with_nobody(volunteer, neptali):
    volunteer.post(REGISTER, posted(NEFTALI, notice_answer="refused"))
    assert not LookAlike.objects.exists()


def test_a_check_that_breaks_loses_no_family(volunteer, neptali, monkeypatch, caplog):
    def broken(*_args, **_more):
        raise RuntimeError(NEFTALI["given_names"])  # as a database quotes the row it refuses

    monkeypatch.setattr("intake.look_alikes.pairs", broken)
    ours = logging.getLogger("intake")
    monkeypatch.setattr(ours, "propagate", True)  # to where pytest listens
    assert volunteer.post(REGISTER, posted(NEFTALI)).status_code == 302
    assert Person.objects.filter(given_names="Neftali").exists()
    said = caplog.records[-1]
    written = ours.handlers[0].formatter.format(said)  # as production writes it
    assert "RuntimeError" in written
    assert "Neftali" not in written


def test_remembering_twice_keeps_what_was_judged(volunteer, neptali, cast):
    volunteer.post(REGISTER, posted(NEFTALI))
    family = Family.objects.get(registered_by=cast.volunteer)
    actions.not_the_same(LookAlike.objects.get(), by=cast.volunteer)
    actions.remember_look_alikes(family, by=cast.coordinator)
    pair = LookAlike.objects.get()
    assert (pair.verdict, pair.judged_by) == ("not_same", cast.volunteer)


@pytest.mark.parametrize("size", [1, 20])
def test_saving_somebody_alike_costs_the_same_whatever_the_size(
    volunteer, neptali, size, django_assert_max_num_queries
):
    volunteer.post(REGISTER, posted({"given_names": "Rosa"}))
    children = [{"given_names": f"Hija {i}", "age": "11", "sex": "F"} for i in range(size)]
    with django_assert_max_num_queries(22):  # 20, and the savepoint that stands for the transaction
        assert volunteer.post(REGISTER, posted(NEFTALI, *children)).status_code == 302
    assert LookAlike.objects.exists()


# --- after saving, without JavaScript ------------------------------------------------------------------------


@pytest.fixture
def saved(volunteer, neptali, cast):
    page = volunteer.post(REGISTER.replace("/es/", "/en/"), posted(NEFTALI), follow=True)
    return page, LookAlike.objects.get(), Family.objects.get(registered_by=cast.volunteer)


def dismiss(pair):
    return f"/en/look-alikes/{pair.pk}/not-the-same/"


def test_the_page_after_saving_warns(saved):
    page, pair, family = saved
    assert "Neptalí Hernández López" in words_of(page)
    assert "Olancho" in words_of(page)
    assert dismiss(pair) in page.content.decode()
    assert page.content.decode().count(f"/families/{family.pk}/undo/") == 2


def test_not_the_same_is_said_after_saving(saved, volunteer, cast):
    _page, pair, family = saved
    page = volunteer.post(dismiss(pair), follow=True)
    pair.refresh_from_db()
    assert (pair.verdict, pair.judged_by) == ("not_same", cast.volunteer)
    event = AccessEvent.objects.get(action="look_alike_judged")
    assert (event.subject_id, event.detail) == (str(pair.pk), {"verdict": "not_same", "pairs": 1})
    assert "Neptalí" not in words_of(page)
    assert Family.objects.filter(pk=family.pk).exists()


def test_saying_it_twice_changes_nothing(saved, volunteer):
    _page, pair, _family = saved
    volunteer.post(dismiss(pair))
    before = LookAlike.objects.values().get()
    assert volunteer.post(dismiss(pair)).status_code == 302
    assert LookAlike.objects.values().get() == before


def test_a_coordinator_may_say_it_too(saved, coordinator):
    _page, pair, _family = saved
    assert coordinator.post(dismiss(pair)).status_code == 302


def test_nobody_else_may_say_it(saved, sign_in, cast, stranger, palillo, client):
    _page, pair, _family = saved
    colleague = factories.make_user("volunteer", shelters=[palillo])
    for other in (colleague, cast.health, cast.data_officer):  # cast.health registered the earlier family
        assert sign_in(other).post(dismiss(pair)).status_code == 404
    assert stranger.post(dismiss(pair)).status_code == 404
    assert client.post(dismiss(pair)).status_code == 302
    pair.refresh_from_db()
    assert pair.verdict == "open"


def test_a_pair_that_is_none_is_not_there(volunteer, saved):
    _page, pair, _family = saved
    assert volunteer.get(dismiss(pair)).status_code == 405
    assert volunteer.post(f"/en/look-alikes/{uuid.uuid4()}/not-the-same/").status_code == 404


# --- from the search -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, expected",
    [
        ("Neptalí", ("Neptalí", "")),
        ("Neptalí Hernández", ("Neptalí", "Hernández")),
        ("neptalí hernández lópez", ("Neptalí", "Hernández López")),
        ("José Neptalí Hernández López", ("José Neptalí", "Hernández López")),
        ("María José Hernández López Paz", ("María José", "Hernández López Paz")),
        ("María de la Cruz", ("María", "de la Cruz")),
        ("Ana María López de León", ("Ana María", "López de León")),
        ("María de", ("María", "de")),
        ("de la", ("de la", "")),
    ],
)
def test_a_search_is_split_by_a_guess(db, text, expected):
    assert guessed_name(text) == expected


@pytest.mark.parametrize(
    "text", ["", "  ", "7F3KM9Q7", "7f3k-m9qx", "n" * 161, "a\0b", "\u202eana", "🫓", "%"]
)
def test_what_is_no_name_carries_nothing(text):
    assert searched_name(text) == {}


def test_not_here_register_carries_the_name_over(volunteer):
    answer = volunteer.post("/en/families/register/", {"start": "1", "q": " Neptalí  Hernández López"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert 'name="m-0-given_names" value="Neptalí"' in page
    assert 'name="m-0-surnames" value="Hernández López"' in page
    assert "check which are the surnames" in page
    assert 'id="mistakes"' not in page
    assert not Family.objects.exists()


@pytest.mark.parametrize("text", ["7F3K-M9QX", "n" * 161, "\0", ""])
def test_a_search_that_was_no_name_opens_an_empty_form(volunteer, text):
    answer = volunteer.post("/en/families/register/", {"start": "1", "q": text})
    assert answer.status_code == 200
    assert "check which are the surnames" not in answer.content.decode()


def test_a_search_is_split_where_known_given_names_end(palillo):
    factories.make_family(palillo, {"given_names": "Yader Moisés", "surnames": "González Rocha"})
    assert guessed_name("llader moises gonzales") == ("Llader Moises", "Gonzales")
    assert guessed_name("llader gonzales rocha") == ("Llader", "Gonzales Rocha")
