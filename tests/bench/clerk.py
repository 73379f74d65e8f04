"""Another clerk types somebody's names again: what goes missing, what is heard, what the fingers do.

Shares as in domain.md §5.3 and issue 3. Written without reading the score it measures.
"""

import re
import unicodedata
from dataclasses import replace

LOSES_ACCENTS = 0.5
DROPS_SECOND_GIVEN = 0.35
DROPS_SECOND_SURNAME = 0.35
SWAPS_SURNAMES = 0.10
SWAPS_GIVEN = 0.10
USES_PET_NAME = 0.10
HEARS_OTHERWISE = 0.20  # per field
MISTYPES = 0.20  # per field
AGE_IS_OFF = 0.30
AGE_IS_MISSING = 0.05
REGION_IS_MISSING = 0.25
ALL_IN_ONE_BOX = 0.03
SHOUTS = 0.05
WHISPERS = 0.10

PET_NAMES = {
    "José": "Chepe Pepe",
    "Francisco": "Paco Chico Pancho",
    "Jesús": "Chuy",
    "Guadalupe": "Lupe Lupita",
    "Antonio": "Toño Tony",
    "Roberto": "Beto",
    "Alberto": "Beto",
    "Enrique": "Quique",
    "Dolores": "Lola",
    "Concepción": "Concha Conchita",
    "Fernando": "Nando",
    "Guillermo": "Memo",
    "Luis": "Lucho",
    "Manuel": "Meme Manolo",
    "Ignacio": "Nacho",
    "Eduardo": "Lalo",
    "Gerardo": "Lalo",
    "Rafael": "Rafa",
    "Miguel": "Migue",
    "Daniel": "Dani",
    "Ricardo": "Richi",
    "Alejandro": "Ale Alex",
    "Alejandra": "Ale",
    "Gabriela": "Gaby",
    "Rosa": "Rosita",
    "Ana": "Anita",
    "Juana": "Juanita",
    "Juan": "Juancho",
    "Carlos": "Carlitos",
    "Pedro": "Perucho",
    "María": "Mari",
    "Mercedes": "Meches",
    "Teresa": "Tere",
    "Isabel": "Chabela",
    "Rosario": "Chayo",
    "Francisca": "Paca Chica",
    "Fernanda": "Fer",
    "Josué": "Josu",
    "Carmen": "Carmencita",
    "Mario": "Mayito",
    "Santiago": "Chago",
    "Salvador": "Chamba",
    "Gustavo": "Tavo",
    "Octavio": "Tavo",
    "Vicente": "Chente",
    "Ramón": "Moncho",
    "Rigoberto": "Rigo",
    "Nicolás": "Colacho",
    "Patricia": "Paty",
    "Leticia": "Lety",
    "Sandra": "Sandrita",
    "Claudia": "Clau",
    "Samuel": "Sami",
    "Cristian": "Cris",
    "Jonathan": "Joni",
    "Víctor": "Vitín",
}
# What sounds alike to a clerk. One place in the name is changed at a time.
SOUNDS = [
    (r"b", "v"),
    (r"v", "b"),
    (r"z", "s"),
    (r"s(?=[aeiouáéíóú]|$)", "z"),
    (r"c(?=[eiéí])", "s"),
    (r"s(?=[eiéí])", "c"),
    (r"g(?=[eiéí])", "j"),
    (r"j(?=[eiéí])", "g"),
    (r"ll", "y"),
    (r"y(?=[aeiouáéíóú])", "ll"),
    (r"^h(?=[aeiouáéíóú])", ""),
    (r"^(?=[aeiouáéíóú])", "h"),
    (r"qu(?=[eiéí])", "k"),
    (r"k", "c"),
    (r"k(?=[eiéí])", "qu"),
    (r"c(?=[aouáóúlr])", "k"),
    (r"y$", "i"),
    (r"(?<=[aeiou])y(?=[^aeiou])", "i"),
    (r"x", "j"),
    (r"th", "t"),
    (r"ph", "f"),
    (r"w", "v"),
    (r"([lnrst])\1", r"\1"),
    (r"(?<=[aeiouáéíóú])([nrst])(?=[aeiouáéíóú])", r"\1\1"),
    (r"ñ", "ni"),
    (r"m(?=[^aeiou])", "n"),
]
NEAR = dict(
    zip(
        "abcdefghijklmnopqrstuvwxyz",
        "sq vn xv sf wr dg fh gj uo hk jl kñ nk bm ip ol wa et ad ry yi cb qe zc tu xa".split(),
        strict=True,
    )
)


def typed_again(rng, somebody):
    """The same person, as another clerk writes them down."""
    given, surnames = list(somebody.given), list(somebody.surnames)
    given, surnames = left_out(rng, given, surnames)
    given, surnames = reordered(rng, given, surnames)
    if rng.random() < USES_PET_NAME and given[0] in PET_NAMES:
        given[0] = rng.choice(PET_NAMES[given[0]].split())
    given, surnames = written(rng, given), written(rng, surnames)
    given, surnames = in_this_hand(rng, given, surnames)
    return replace(
        somebody,
        given=given,
        surnames=surnames,
        age=age_said(rng, somebody.age),
        region="" if rng.random() < REGION_IS_MISSING else somebody.region,
    )


def left_out(rng, given, surnames):
    if len(given) > 1 and rng.random() < DROPS_SECOND_GIVEN:
        # Now and then it is the first they do not use: José Francisco is Francisco.
        given = [given[1] if rng.random() < 0.2 else given[0]]
    if len(surnames) > 1 and rng.random() < DROPS_SECOND_SURNAME:
        surnames = surnames[:1]
    return given, surnames


def reordered(rng, given, surnames):
    if rng.random() < SWAPS_GIVEN:
        given = given[::-1]
    if rng.random() < SWAPS_SURNAMES:
        surnames = surnames[::-1]
    return given, surnames


def written(rng, names):
    """One field: at most one name of it is heard otherwise, and at most one mistyped."""
    names = list(names)
    if rng.random() < HEARS_OTHERWISE:
        which = rng.randrange(len(names))
        names[which] = heard(rng, names[which])
    if rng.random() < MISTYPES:
        which = rng.randrange(len(names))
        names[which] = mistyped(rng, names[which])
    return names


def heard(rng, name: str) -> str:
    """The name with one sound, seldom two, written in another of its ways; as it is when it has only one."""
    for _time in range(1 if rng.random() < 0.7 else 2):
        low = name.lower()
        possible = [(pattern, by) for pattern, by in SOUNDS if re.search(pattern, low)]
        if not possible:
            return name
        pattern, by = rng.choice(possible)
        name = re.sub(pattern, by, low, count=1)
        name = " ".join(word.capitalize() for word in name.split(" "))
    return name


def mistyped(rng, name: str) -> str:
    """One letter more, less, wrong, or two changed about. The shortest names keep all theirs."""
    at = rng.randrange(1 if len(name) > 1 and rng.random() < 0.85 else 0, len(name))
    letter = name[at]
    near = rng.choice(NEAR.get(letter.lower(), "aeiou"))
    deeds = [name[:at] + near + name[at:], name[:at] + near + name[at + 1 :]]
    if len(name) > 3:
        deeds.append(name[:at] + name[at + 1 :])
    if 0 < at < len(name) - 1:
        deeds.append(name[:at] + name[at + 1] + letter + name[at + 2 :])
    return rng.choice(deeds).strip() or name


def in_this_hand(rng, given, surnames):
    """Accents, capitals, and the box the names are written in: habits of the hand, for all names alike."""
    habits = []
    if rng.random() < LOSES_ACCENTS:
        habits.append(without_accents)
    draw = rng.random()
    if draw < SHOUTS:
        habits.append(str.upper)
    elif draw < SHOUTS + WHISPERS:
        habits.append(str.lower)
    for habit in habits:
        given, surnames = [habit(name) for name in given], [habit(name) for name in surnames]
    if rng.random() < ALL_IN_ONE_BOX:
        given, surnames = [*given, *surnames], []
    return tuple(given), tuple(surnames)


def without_accents(name: str) -> str:
    apart = unicodedata.normalize("NFD", name)
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


def age_said(rng, age: int) -> int | None:
    if rng.random() < AGE_IS_MISSING:
        return None
    if rng.random() < AGE_IS_OFF:
        return max(age + rng.choice((-2, -1, 1, 2)), 0)
    return age
