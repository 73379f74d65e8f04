"""The records as a file: every cell against plain SQL, what is never in it, and who gets none."""

import csv
from datetime import date, datetime, timedelta
from io import BytesIO
from uuid import UUID

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from openpyxl import load_workbook

from intake.models import Person
from intake.reports.exporting import Purpose
from intake.reports.records_export import SHEETS, Beside, RecordsExport
from shelters import roles
from shelters.models import AccessEvent
from tests.factories import (
    NOW,
    make_card,
    make_family,
    make_need,
    make_organization,
    make_person,
    make_service,
    make_stay,
)
from tests.intake.pages import export
from tests.intake.reports.conftest import FIRST, LAST

REPORT = RecordsExport()
DAY = "2018-11-06"
EARLIER = NOW - timedelta(days=3)
# Who was registered, was here or had something open in these days.
THESE = """SELECT p.id FROM intake_person p JOIN intake_family f ON f.id = p.family_id
    WHERE p.merged_into_id IS NULL AND f.shelter_id = %(place)s AND (
        f.registered_on BETWEEN %(first)s AND %(last)s
        OR EXISTS (SELECT 1 FROM intake_stay s WHERE s.person_id = p.id AND s.shelter_id = %(place)s
            AND s.in_on <= %(last)s AND (s.out_on IS NULL OR s.out_on >= %(first)s))
        OR EXISTS (SELECT 1 FROM intake_servicereceived v JOIN intake_servicetype t ON t.code = v.service_type_id
            WHERE v.person_id = p.id AND v.shelter_id = %(place)s AND v.cancelled_at IS NULL
            AND v.given_on BETWEEN %(first)s AND %(last)s AND t.sensitivity = 'open'))"""


def keyed(rows):
    """As text and in order, the ids alike on both databases."""
    return sorted(tuple(text(cell) for cell in row) for row in rows)


def text(cell):
    if cell is None or cell == "":
        return ""
    if isinstance(cell, str) and len(cell) in (32, 36):
        try:
            return str(UUID(cell))
        except ValueError:
            return cell
    return str(cell)


def address(name="xlsx", language="es", **query):
    asked = {"shelter": "palillo", "since": DAY, "until": DAY, **query}
    with translation.override(language):
        return reverse(f"reports:{name}", args=["records"], query=asked)


def cells(answer):
    """Without the last row, which says who took the file."""
    *rows, mark = csv.DictReader(answer.getvalue().decode("utf-8-sig").splitlines())
    assert next(iter(mark.values())).startswith("Puente · ")
    return rows


def exported(client, table="people", **answers):
    return cells(export(client, address("csv", table=table), **answers))


def left():
    return AccessEvent.objects.filter(action="exported")


@pytest.fixture
def family(palillo, cast):
    members = [
        {"given_names": "Neptalí", "surnames": "Hernández López", "age": 34, "origin_region_id": "HN-AT"},
        {"given_names": "Ale", "age": 11, "origin_country": "GT", "sex": "M"},
    ]
    return make_family(palillo, *members, by=cast.volunteer, desk="registration 2")


# --- every cell ------------------------------------------------------------------------


@pytest.mark.parametrize("first,last", [(FIRST, LAST), (LAST, LAST), (FIRST, FIRST)])
def test_the_people_are_those_of_plain_sql(crowd, tables, sql, first, last):
    found = tables(REPORT, since=first, until=last)["people"]
    columns = "p.id, p.family_id, p.given_names, p.surnames, p.known_as, p.sex"
    more = "p.birth_precision, p.relationship, p.origin_country, p.origin_region_id"
    wanted = sql(
        f"SELECT {columns}, {more} FROM intake_person p WHERE p.id IN ({THESE})", first=first, last=last
    )
    assert wanted
    assert keyed((*row[:6], *row[8:12]) for row in found) == keyed(wanted)


@pytest.mark.parametrize("first,last", [(FIRST, LAST), (LAST, LAST), (FIRST, FIRST)])
def test_the_families_are_those_of_plain_sql(crowd, tables, sql, first, last):
    found = tables(REPORT, since=first, until=last)["families"]
    wanted = sql(
        f"""SELECT f.id, f.arrived_on, f.left_home_on, f.language_id, f.notice_answer,
            (SELECT COUNT(*) FROM intake_person m WHERE m.family_id = f.id AND m.merged_into_id IS NULL)
            FROM intake_family f WHERE f.id IN (SELECT family_id FROM intake_person WHERE id IN ({THESE}))""",
        first=first,
        last=last,
    )
    assert keyed((row[0], *row[3:]) for row in found) == keyed(wanted)


@pytest.mark.parametrize("first,last", [(FIRST, LAST), (LAST, LAST)])
def test_the_services_are_those_of_plain_sql(crowd, tables, sql, first, last):
    found = tables(REPORT, since=first, until=last)["services"]
    wanted = sql(
        """SELECT v.id, v.person_id, p.family_id, v.given_on, v.slot, t.category_id, t.code, v.quantity
            FROM intake_servicereceived v JOIN intake_person p ON p.id = v.person_id
            JOIN intake_servicetype t ON t.code = v.service_type_id WHERE v.shelter_id = %(place)s
            AND v.cancelled_at IS NULL AND t.sensitivity = 'open' AND v.given_on BETWEEN %(first)s AND %(last)s""",
        first=first,
        last=last,
    )
    assert wanted
    assert keyed((*row[:3], *row[4:9]) for row in found) == keyed(wanted)


def test_the_zone_and_the_times_are_of_the_newest_stay(crowd, tables, sql, place):
    found = tables(REPORT)["people"]
    stays = sql(
        """SELECT s.person_id, z.code, s.in_at, s.out_at FROM intake_stay s
            LEFT JOIN shelters_zone z ON z.id = s.zone_id WHERE s.shelter_id = %(place)s ORDER BY s.in_at""",
    )
    newest = {text(person): rest for person, *rest in stays}

    def moment(cell):
        """SQLite writes them down in UTC, without saying so."""
        at = datetime.fromisoformat(str(cell)) if cell else None
        return at and place.local(at if at.tzinfo else at.replace(tzinfo=NOW.tzinfo))

    wanted = {
        person: (zone or "", moment(came), moment(gone)) for person, (zone, came, gone) in newest.items()
    }
    assert {row[0]: (row[12] or "", *row[13:15]) for row in found} == {
        row[0]: wanted.get(row[0], ("", None, None)) for row in found
    }
    assert {row[12] for row in found} >= {"A", "B"}


def test_the_ids_join_the_sheets(crowd, tables):
    found = tables(REPORT)
    families, people = {row[0] for row in found["families"]}, {row[0]: row[1] for row in found["people"]}
    assert set(people.values()) == families
    assert all(people[person] == family for _service, person, family, *_rest in found["services"])


def test_a_person_registered_twice_is_there_once_with_what_both_had(crowd, tables):
    gone = Person.objects.filter(merged_into__isnull=False).first()
    found = tables(REPORT)
    assert str(gone.pk) not in {row[0] for row in found["people"]}
    kept = [row[7] for row in found["services"] if row[1] == str(gone.merged_into_id)]
    assert sorted(kept) == ["CLO-SET", "FOOD-LUN", "FOOD-LUN"]


def test_a_birth_date_only_where_the_day_is_known(palillo, cast, coordinator):
    births = {
        "day": (date(1984, 3, 14), None),
        "month": (date(1984, 3, 15), None),
        "year": (date(1984, 7, 2), None),
        "age": (date(1984, 11, 6), date(2018, 11, 6)),
        "unknown": (None, None),
    }
    family = make_family(palillo, by=cast.volunteer)
    for position, (precision, (born, said_on)) in enumerate(births.items(), start=1):
        make_person(
            family,
            position=position,
            age=None,
            surnames=precision,
            birth_date=born,
            birth_precision=precision,
            age_said_on=said_on,
        )
        make_stay(family.members.get(surnames=precision))
    found = {row["surnames"]: row for row in exported(coordinator, values="codes")}
    assert {name: found[name]["birth_date"] for name in births} == {
        **dict.fromkeys(births, ""),
        "day": "1984-03-14",
    }
    ages = {"day": "34", "month": "34", "year": "34", "age": "34", "unknown": ""}
    assert {name: found[name]["age"] for name in births} == ages
    assert all(found[name]["birth_precision"] == name for name in births)


def test_the_workbook_holds_real_dates_and_numbers_and_text_that_stays_text(coordinator, family, palillo):
    head = family.members.first()
    head.given_names, head.birth_date, head.birth_precision = "=1+1", date(1984, 3, 14), "day"
    head.age_said_on = None
    head.save()
    make_service(head, "NFI-BLK", quantity=2, organization=make_organization(name="@Cruz"))
    answer = export(coordinator, address())
    assert answer["Content-Disposition"] == (
        f'attachment; filename="puente_records_palillo_{DAY}_{DAY}.xlsx"'
    )
    book = load_workbook(BytesIO(answer.getvalue()))
    assert book.sheetnames == ["families", "people", "services", "codebook", "export"]
    assert book["export"]["A2"].value.startswith("Puente · coordinator · ")
    [person, _girl] = rows_of(book["people"])
    assert (person["Nombres"].value, person["Nombres"].data_type) == ("=1+1", "s")
    assert (person["Edad"].value, person["Fecha de nacimiento"].value) == (34, datetime(1984, 3, 14))
    assert person["Entró"].value == datetime(2018, 11, 6, 9, 0)
    assert person["Entró"].is_date
    [row] = rows_of(book["families"])
    assert (row["Llegó el"].value, row["Personas"].value) == (datetime(2018, 11, 6), 2)
    assert row["Mesa"].value == "Registro 2"
    [service] = rows_of(book["services"])
    assert (service["Cantidad"].value, service["Organización"].value) == (2, "@Cruz")
    assert service["Familia (id)"].value == row["Familia (id)"].value == person["Familia (id)"].value


def rows_of(sheet):
    header, *rows = sheet.iter_rows()
    return [dict(zip((cell.value for cell in header), row, strict=True)) for row in rows]


def test_the_workbook_and_the_csv_hold_the_same_cells(coordinator, crowd, place, reader, sign_in):
    client = sign_in(reader)
    query = {"shelter": place.code, "since": FIRST, "until": LAST}
    book = load_workbook(BytesIO(export(client, address(**query), values="codes").getvalue()))
    for table, sheet in SHEETS.items():
        answer = export(client, address("csv", table=table, **query), values="codes")
        header, *lines, _mark = csv.reader(answer.getvalue().decode("utf-8-sig").splitlines())
        [first, *rows] = book[table].iter_rows(values_only=True)
        assert header == list(first) == [column.code for column in sheet.columns]
        assert [[plain(cell) for cell in row] for row in rows] == [
            [cell[:19] if column.kind == "date" else cell for column, cell in zip(sheet.columns, line, strict=True)]
            for line in lines
        ]  # fmt: skip


def plain(cell):
    if isinstance(cell, datetime):
        return str(cell).removesuffix(" 00:00:00")
    return "" if cell is None else str(cell)


def test_codes_words_and_the_codebook(coordinator, family):
    make_need(family.members.last(), "DS")
    make_need(family.members.last(), "X-PR")
    codes = exported(coordinator, values="codes")[1]
    assert (codes["sex"], codes["country"], codes["needs"], codes["relationship"]) == (
        "M", "GT", "DS X-PR", "CHILD"
    )  # fmt: skip
    words = exported(coordinator, language="en")
    assert (words[0]["sex"], words[0]["region"]) == ("Woman", "Atlántida")
    assert words[1]["needs"].count(";") == 1
    book = load_workbook(BytesIO(export(coordinator, address(), values="codes").getvalue()))
    known = {row[:3] for row in book["codebook"].iter_rows(min_row=2, values_only=True)}
    assert {
        ("people", "needs", "DS"),
        ("people", "needs", "X-PR"),
        ("families", "desk", "registration 2"),
    } <= known
    assert not {code for _sheet, column, code in known if column == "needs" and " " in (code or "")}


def test_a_line_of_tags_for_hxl(coordinator, family):
    for table in SHEETS:
        lines = export(coordinator, address("hxl", table=table)).getvalue().decode("utf-8-sig").splitlines()
        assert all(tag.startswith("#") for tag in lines[1].split(","))


def test_who_lives_in_another_shelter_is_not_here(coordinator, family, annex, cast):
    [guest] = make_family(annex, {"surnames": "Ajena"}, by=cast.stranger, stay=False).members.all()
    make_stay(guest, shelter=family.shelter)
    assert {row["surnames"] for row in exported(coordinator)} == {"Hernández López", "López"}
    assert len(exported(coordinator, "families")) == 1


# --- what is never in it ---------------------------------------------------------------


def bytes_of(client, **query):
    """Of every sheet as CSV, without the last line, which says who took it."""
    answers = [export(client, address("csv", table=table, **query)) for table in SHEETS]
    return [answer.getvalue().rpartition(b"Puente \xc2\xb7")[0] for answer in answers]


def test_no_note_no_card_and_no_account(coordinator, family, cast):
    family.comments = "CANARIO"
    family.save()
    card = make_card(family)
    head = family.members.first()
    make_need(head, "DS", reason="CANARIO", by=cast.volunteer)
    make_service(head, "FOOD-LUN", override_reason="CANARIO")
    make_service(head, "FOOD-DIN", cancelled_at=NOW, cancel_reason="CANARIO")
    everything = b"".join(bytes_of(coordinator)).decode()
    for word in ("CANARIO", card.code, str(card), cast.volunteer.username):
        assert word not in everything


def test_a_reserved_service_leaves_no_trace(coordinator, family, palillo, cast):
    """Not even by the person: who was registered and left long before, and only saw a lawyer, is not here."""
    [gone] = make_family(
        palillo, {"surnames": "Ida"}, by=cast.volunteer, at=EARLIER, stay=False
    ).members.all()
    make_stay(gone, at=EARLIER, out=EARLIER + timedelta(hours=9))
    before, counted = bytes_of(coordinator), coordinator.get(address("page")).context["tables"][0].rows
    for person in (gone, family.members.first()):
        make_service(person, "LEG-ASY", by=cast.legal)
        make_service(person, "MED-CON", by=cast.health)
    assert bytes_of(coordinator) == before
    assert coordinator.get(address("page")).context["tables"][0].rows == counted


def test_whoever_may_know_of_it_gets_it(family, palillo, cast, sign_in):
    roles.grant(cast.legal, roles.Coordinator)
    make_service(family.members.first(), "LEG-ASY", by=cast.legal)
    make_service(family.members.first(), "MED-CON", by=cast.health)
    assert [row["service"] for row in exported(sign_in(cast.legal), "services", values="codes")] == [
        "LEG-ASY"
    ]


def test_a_need_is_there_up_to_the_readers_tier_and_while_it_stands(family, cast, sign_in, coordinator):
    head = family.members.first()
    make_need(head, "DS", at=NOW)
    make_need(head, "X-LG", at=NOW)
    make_need(head, "X-PR", at=EARLIER, state="ruled_out", ruled_out_at=NOW)
    make_need(family.members.last(), "DS", at=NOW + timedelta(days=1))
    assert [row["needs"] for row in exported(coordinator, values="codes")] == ["DS", ""]
    roles.grant(cast.health, roles.Coordinator)
    assert exported(sign_in(cast.health), values="codes")[0]["needs"] == "DS X-LG"


def test_who_refused_is_there_as_what_was_kept(coordinator, palillo, cast):
    make_family(palillo, {"given_names": "", "surnames": ""}, by=cast.volunteer, notice_answer="refused")
    [person], [family] = exported(coordinator), exported(coordinator, "families", values="codes")
    assert (person["given_names"], person["surnames"], person["age"]) == ("", "", "30")
    assert family["notice"] == "refused"


# --- the page --------------------------------------------------------------------------


def test_the_page_tells_how_many_rows_and_names_nobody(coordinator, family):
    make_service(family.members.first())
    page = coordinator.get(address("page"))
    assert [row[1] for row in page.context["tables"][0].rows] == [1, 2, 1]
    assert "Neptalí" not in page.text
    assert "report-opens" not in page.text
    assert "abre lo que" not in page.text
    for name in ("csv", "hxl"):
        for table in SHEETS:
            assert address(name, table=table).replace("&", "&amp;") in page.text
    assert "Registros de personas" in coordinator.get(reverse("reports:index")).text


def test_where_nobody_was_the_page_says_so_and_the_sheets_have_their_headers(coordinator, palillo):
    assert "No hay nada anotado" in coordinator.get(address("page")).text
    book = load_workbook(BytesIO(export(coordinator, address()).getvalue()))
    assert [sheet.max_row for sheet in book][:3] == [1, 1, 1]


def test_its_page_and_files_take_as_many_queries_for_one_family_as_for_thirty(palillo, cast, coordinator):
    counted = []
    for families in (1, 29):
        for _family in range(families):
            family = make_family(palillo, {}, {"age": 4}, by=cast.volunteer)
            make_need(family.members.first(), "DS")
            make_service(family.members.first())
        for where in (address("page"), address("xlsx")):
            with CaptureQueriesContext(connection) as queries:
                answer = coordinator.get(where) if "xlsx" not in where else export(coordinator, where)
            assert answer.status_code == 200
            counted.append(len(queries))
    assert counted[:2] == counted[2:]


# --- the trail -------------------------------------------------------------------------


def test_the_trail_says_how_many_rows_left_and_what_for(coordinator, cast, family, palillo):
    make_service(family.members.first())
    export(coordinator, address(), purpose="request")
    export(coordinator, address("csv", table="people"))
    table, book = left()
    shared = {"report": "records", "since": DAY, "until": DAY, "outside": False}
    assert (book.user, book.shelter) == (cast.coordinator, palillo)
    assert book.detail == {
        **shared, "format": "xlsx", "purpose": "request", "families": 1, "people": 2, "services": 1
    }  # fmt: skip
    assert table.detail == {**shared, "format": "csv", "purpose": "own_work", "table": "people", "people": 2}


# --- who may not -----------------------------------------------------------------------


def test_the_data_officer_may(cast, sign_in, family):
    assert len(exported(sign_in(cast.data_officer))) == 2


@pytest.mark.parametrize("role", roles.BY_CODE)
def test_who_may_is_said_in_the_roles(role, cast):
    may = getattr(cast, role).has_perm("intake.export_records")
    assert may is (role in ("coordinator", "data_officer"))


def test_reading_reports_is_not_enough(cast, coordinator, family):
    permission = Permission.objects.get(codename="export_records")
    Group.objects.get(name="coordinator").permissions.remove(permission)
    assert coordinator.get(address("page")).status_code == 404
    assert export(coordinator, address()).status_code == 404
    assert "records/" not in coordinator.get(reverse("reports:index")).text
    assert not left().exists()


def test_another_shelter_is_not_there(coordinator, family, annex):
    for name in ("page", "csv", "hxl", "xlsx"):
        assert coordinator.get(address(name, shelter="anexo")).status_code == 404
        assert export(coordinator, address(name, shelter="anexo")).status_code in (404, 405)
    assert not left().exists()


def test_to_see_the_settings_of_every_shelter_is_not_to_work_there(cast, sign_in, family, annex):
    roles.grant(cast.coordinator, roles.Administrator)
    make_family(annex, {}, by=cast.stranger)
    client = sign_in(cast.coordinator)
    census = address("page", shelter="anexo").replace("/records/", "/census/")
    assert client.get(census).status_code == 200
    assert client.get(address("page", shelter="anexo")).status_code == 404
    assert export(client, address(shelter="anexo")).status_code == 404
    assert len(exported(client)) == 2


def test_the_command_is_nobody_and_gets_none(family, tmp_path):
    for arguments in (["--format", "csv"], ["--format", "xlsx", "-o", str(tmp_path)], ["--outside"]):
        with pytest.raises(CommandError, match="nobody"):
            call_command("report", "records", "--shelter", "palillo", "--date", DAY, *arguments)
    assert not list(tmp_path.iterdir())
    assert not left().exists()


def test_nobody_sees_no_record(crowd, tables):
    assert not any(tables(REPORT, reader=None).values())


# --- bad input -------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", ["own_work", "request"])
@pytest.mark.parametrize("name", ["csv", "hxl", "xlsx"])
def test_it_never_leaves_for_outside(name, purpose, coordinator, family):
    answer = export(coordinator, address(name), outside="yes", purpose=purpose)
    assert answer.status_code == 422
    assert "Los registros de personas no salen del albergue" in answer.text
    assert not left().exists()


@pytest.mark.parametrize("purpose", sorted(set(Purpose.values) - {"own_work", "request"}))
@pytest.mark.parametrize("outside", ["no", "yes"])
def test_nor_for_anybody_outside(purpose, outside, coordinator, family):
    answer = export(coordinator, address(), purpose=purpose, outside=outside)
    assert answer.status_code == 422
    assert "purpose" in answer.context["form"].errors
    assert not left().exists()


def test_without_an_answer_nothing_leaves(coordinator, family):
    page = coordinator.get(address())
    assert "El archivo se queda en el albergue" in page.text
    assert "Prensa" not in page.text
    for answers in ({"purpose": ""}, {"outside": ""}, {"outside": "perhaps"}, {"values": "x"}):
        assert export(coordinator, address(), **answers).status_code == 422
    assert not left().exists()


@pytest.mark.parametrize(
    "query,status",
    [
        ({"since": "soon"}, 422),
        ({"since": "2018-11-07", "until": "2018-11-06"}, 422),
        ({"until": "2199-01-01"}, 422),
        ({"shelter": "no-such"}, 404),
        ({"table": "sheets"}, 404),
        ({"table": "codebook"}, 404),
    ],
)
def test_bad_choices(query, status, coordinator, family):
    assert export(coordinator, address("csv", **query)).status_code == status
    assert not left().exists()


# --- rows beside rows ------------------------------------------------------------------


def test_rows_stand_beside_their_person():
    beside = Beside(iter([(2, "a"), (2, "b"), (3, "of nobody"), (5, "c")]))
    assert [beside(person) for person in (1, 2, 4, 5, 6)] == [[], [("a",), ("b",)], [], [("c",)], []]
    assert Beside(iter([]))(1) == []
