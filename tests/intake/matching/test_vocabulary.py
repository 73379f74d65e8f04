from collections import Counter

from intake.matching.vocabulary import Vocabulary

KNOWN = Vocabulary.of(
    1000,
    Counter(maria=80, neptali=2, jose=90),
    Counter(ernandes=120, lopes=100, kalix=1, ernandez=0, lopez=1),
)


def test_a_rare_name_tells_more_than_a_common_one():
    assert KNOWN.surnames.bits("ernandes") < 4 < KNOWN.surnames.bits("kalix")
    assert KNOWN.surnames.bits("never") >= KNOWN.surnames.bits("kalix")


def test_among_more_people_a_name_nobody_else_bears_tells_more():
    few, many = (Vocabulary.of(n, Counter(), Counter()).given.bits("suyapa") for n in (50, 100_000))
    assert few < many


def test_near_words_are_known_ones_a_slip_away_and_short_forms():
    assert "ernandes" in KNOWN.surnames.near("ernades")
    assert "lopes" in KNOWN.surnames.near("lopes")
    assert "kalix" not in KNOWN.surnames.near("lopes")
    assert {"jose", "qepe"} <= KNOWN.given.near("qepe")
    assert KNOWN.given.near("xo") == {"xo"}


def test_of_nobody_everything_is_known_that_can_be():
    empty = Vocabulary.of(0, Counter(), Counter())
    assert empty.given.near("ana") >= {"ana"}
    assert empty.given.bits("ana") > 0


def test_how_many_bear_two_names_is_reckoned():
    assert KNOWN.expected({"maria", "neptali"}, {"ernandes"}) == 82 * 120 / 1000
    assert Vocabulary.of(0, Counter(), Counter()).expected({"ana"}, {"lopes"}) == 0


def test_known_words_are_found_by_their_beginning():
    assert KNOWN.surnames.begun("ernan") == ["ernandes", "ernandez"]
    assert KNOWN.surnames.begun("xyz") == []
    assert KNOWN.surnames.begun("") == sorted(KNOWN.surnames.counts)
