"""Invented families of a shelter, and the same people typed again by another clerk. Pure until `store`.

    crowd = build(seed=1)             # families stored, and queries: who stands at the desk, and who they are
    people = store(crowd, shelter, by)        # one list of saved Person per stored family
    for query in crowd.queries:
        typed = query.people(shelter, day)            # unsaved Person objects of the family being typed
        truth = [people[at[0]][at[1]].pk if at else None for at in query.truth]

Three kinds of query, counted by the person asked about:
    again     typed[asked] is stored already; of a family, the others come along or not. Some errors, see clerk.py
    new       everybody typed is new, alone or as a new family
    siblings  a brother or sister of somebody stored: same surnames and origin, other given name and age

The errors are written from domain.md §5.2–5.3 by somebody who did not read the score. Deterministic by seed.
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random

from intake.ages import Birth
from intake.demo import names
from intake.models import Family, Person, PrivacyNotice, Relationship
from tests.bench.clerk import typed_again

COUNTRIES = (("HN", 85), ("GT", 8), ("NI", 5), ("SV", 1), ("MX", 1))
IN_FAMILIES = 0.45  # of all people
SIZES = ((2, 24), (3, 29), (4, 25), (5, 12), (6, 7), (7, 3))  # 3.6 on average
AGES_ALONE = ((18, 24, 30), (25, 29, 22), (30, 39, 27), (40, 49, 12), (50, 59, 6), (60, 79, 3))
# The lists of the demonstration hold the hundred commonest surnames of a country; a fifth of people have others.
RARE = 0.2
RARE_SURNAMES = """Abrego Acosta Aceituno Agurcia Alcántara Almendárez Alvarenga Andrade Aparicio Aragón Arce Archaga
Ardón Arias Arita Arriaga Arteaga Avelar Ayestas Baca Bados Balladares Banderas Barralaga Barrientos Benavides Benítez
Berríos Boquín Borjas Brizuela Bueso Bulnes Burgos Caballero Cabrera Cabañas Calderón Calona Cantarero Carbajal Carranza
Carrasco Cartagena Casco Catalán Cerna Cerrato Chinchilla Cisneros Cobos Contreras Cordón Cortés Cuéllar Dala Dávila
Deras Domínguez Duarte Echeverría Elvir Escalón Espinoza Estévez Fiallos Fino Flamenco Fonseca Fortín Fúnez Galdámez
Galeano Galo Garay Girón Godoy Granados Guardiola Guerra Guerrero Guillén Guzmán Henríquez Hércules Herrera Hidalgo
Honores Huete Iglesias Irías Jácome Jarquín Juárez Lagunas Landa Larios Lazo Leiva Lobo Lozano Luna Macías Madariaga
Mancía Manzanares Marcía Marín Marroquín Mayorga Medina Medrano Melgar Mencía Mendoza Menjívar Merlo Milla Miralda
Miranda Mondragón Montes Montoya Morazán Nájera Navarro Navas Nieto Norales Obando Oliva Oliveros Oliva Oviedo Oyuela
Pacheco Palacios Palma Paredes Pastor Pavón Peña Peraza Pinto Ponce Posadas Quan Quezada Quintanilla Quiroz Raudales
Recarte Redondo Reina Retes Rico Ríos Rivas Robleda Rodas Rojas Rosa Ruiz Saavedra Salgado Salinas Salmerón Sandoval
Santamaría Serrano Sierra Silva Solís Solórzano Sorto Sosa Sorto Tercero Tinoco Toro Torres Trejo Triminio Trochez
Urbina Urquía Urrutia Valdez Valenzuela Valeriano Valle Varela Vargas Vega Velarde Ventura Vides Viera Villafranca
Villalta Villanueva Villatoro Zambrano Zapata Zepeda Zerón Zúñiga""".split()
RARE_GIVEN = {
    "F": """Adilia Aleyda Alba Aracely Belkis Betulia Brenda Cándida Celeo Cintia Corina Damaris Deysi Doris Edelmira
Elba Ercilia Eugenia Fabiola Fátima Fidelina Gabriela Gladys Griselda Hilda Idalia Ileana Ingrid Isis Jacinta Karen
Leidy Ligia Lilian Lizeth Magdalena Marcela Melissa Mercedes Milagro Nadia Nancy Nidia Odalis Patricia Perla Raquel
Rebeca Rosalina Roxana Sara Selenia Silvia Skarleth Tania Teodora Teresa Valentina Verónica Viviana Yadira Yamileth
Yoselin Zuyapa""".split(),
    "M": """Adán Alejandro Alfredo Arturo Arístides Bayron Benjamín Bernardo Camilo Celso Cándido Donaldo
Douglas Dagoberto Efraín Emilio Enrique Ernesto Esteban Eugenio Evaristo Ever Félix Geovany Germán
Gilberto Guillermo Hernán Hugo Ignacio Isaías Israel Jairo Jesús Joaquín Leonardo Lázaro Lorenzo
Marcos Marlon Mauricio Medardo Nicolás Norman Oliver Omar Oneida Pablo Rafael Raúl Ricardo Rodolfo
Rodrigo Rony Salvador Santiago Sergio Teófilo Tomás Ubaldo Vicente Walter Yimi Yovani""".split(),
}


@dataclass(frozen=True)
class Somebody:
    given: tuple[str, ...]
    surnames: tuple[str, ...]
    sex: str
    age: int | None
    country: str
    region: str
    relationship: str = Relationship.HEAD

    def person(self, day, **fields) -> Person:
        """An unsaved Person, as the registration form makes one of what was typed on that day."""
        person = Person(
            given_names=" ".join(self.given),
            surnames=" ".join(self.surnames),
            sex=self.sex,
            origin_country=self.country,
            origin_region_id=self.region or None,
            relationship=self.relationship,
            **fields,
        )
        person.birth = Birth() if self.age is None else Birth.from_age(self.age, day)
        return person


@dataclass(frozen=True)
class Query:
    """A family at the desk. `truth`: of each, where they are stored (family, member), or None."""

    kind: str
    typed: tuple[Somebody, ...]
    truth: tuple[tuple[int, int] | None, ...]
    asked: int = 0

    def people(self, shelter, day) -> list[Person]:
        family = Family(shelter=shelter, arrived_on=day, registered_on=day)
        return [
            somebody.person(day, family=family, position=position)
            for position, somebody in enumerate(self.typed)
        ]


@dataclass
class Crowd:
    seed: int
    families: list[list[Somebody]]
    queries: list[Query] = field(default_factory=list)

    def of_kind(self, kind) -> list[Query]:
        return [query for query in self.queries if query.kind == kind]


def build(seed: int, *, people=5000, again=500, new=500, siblings=250) -> Crowd:
    """So many people stored; so many asked about of each kind, each kind drawn from a generator of its own."""
    crowd = Crowd(seed, families_of(Random(f"{seed} stored"), people))
    crowd.queries += asked_again(Random(f"{seed} again"), crowd.families, again)
    crowd.queries += asked_new(Random(f"{seed} new"), new)
    crowd.queries += asked_siblings(Random(f"{seed} siblings"), crowd.families, siblings)
    return crowd


# --- who is stored ---------------------------------------------------------------------------------------


def families_of(rng: Random, people: int) -> list[list[Somebody]]:
    """Exactly so many people; the last family may be cut short."""
    found, left = [], people
    # Families are fewer than people alone, because each takes 3.6.
    share = IN_FAMILIES / 3.6 / (IN_FAMILIES / 3.6 + 1 - IN_FAMILIES)
    while left:
        family = (household(rng) if rng.random() < share else alone(rng))[:left]
        found.append(family)
        left -= len(family)
    return found


def alone(rng: Random) -> list[Somebody]:
    low, high, _ = rng.choices(AGES_ALONE, [weight for *_, weight in AGES_ALONE])[0]
    sex = "M" if rng.random() < 0.78 else "F"
    home = home_of(rng)
    return [member(rng, sex, rng.randint(low, high), home, pair_of_surnames(rng, home))]


def household(rng: Random) -> list[Somebody]:
    """Children take the father's first and the mother's first surname; one single mother in three passes both."""
    size = rng.choices([size for size, _ in SIZES], [weight for _, weight in SIZES])[0]
    home = home_of(rng)
    mother_age = rng.randint(19, 43)
    hers, his = pair_of_surnames(rng, home), pair_of_surnames(rng, home)
    mother = member(rng, "F", mother_age, home, hers)
    family = [mother]
    if rng.random() < (0.6 if size > 2 else 0.3):
        father = member(rng, "M", mother_age + rng.randint(-2, 8), home, his)
        family.append(replace(father, relationship=Relationship.PARTNER))
        childrens = (his[0], hers[0])
    else:
        childrens = hers if rng.random() < 1 / 3 else (his[0], hers[0])
    taken = {somebody.given[0] for somebody in family}
    while len(family) < size:
        age = rng.randint(0, min(17, mother_age - 15))
        child = member(rng, rng.choice("FM"), age, home, childrens, taken, second=0.8)
        taken.add(child.given[0])
        family.append(replace(child, relationship=Relationship.CHILD))
    return family


def member(rng, sex, age, home, surnames, taken=(), second=0.75) -> Somebody:
    given = given_names(rng, sex, age, home.country, taken)
    kept = surnames if rng.random() < second else surnames[:1]
    return Somebody(given, kept, sex, age, home.country, home.region)


def home_of(rng: Random) -> names.Origin:
    """One stored record in ten does not know the department."""
    country = rng.choices([code for code, _ in COUNTRIES], [weight for _, weight in COUNTRIES])[0]
    home = names.origin(rng, country)
    return home if rng.random() < 0.9 else home._replace(region="")


def pair_of_surnames(rng, home) -> tuple[str, str]:
    return a_surname(rng, home), a_surname(rng, home)


def a_surname(rng, home) -> str:
    return rng.choice(RARE_SURNAMES) if rng.random() < RARE else names.surname(rng, home)


def given_names(rng, sex, age, country, taken=()) -> tuple[str, ...]:
    first = a_given(rng, sex, age, country)
    while first in taken:
        first = a_given(rng, sex, age, country)
    if " " in first or rng.random() > 0.58:
        return (first,)
    second = a_given(rng, sex, age, country)
    return (first,) if second == first or " " in second else (first, second)


def a_given(rng, sex, age, country) -> str:
    if rng.random() < RARE:
        return rng.choice(RARE_GIVEN[sex])
    kind = "female" if sex == "F" else "male"
    young = f"{kind}-young"
    share = 0.65 if age < names.YOUNG else 0.12
    return names.draw(rng, country, young if rng.random() < share and names.pool(country, young)[0] else kind)


# --- who comes to the desk -------------------------------------------------------------------------------


def asked_again(rng, families, count) -> list[Query]:
    """Each person stored is equally likely. Of a family half come alone, half bring some of the others."""
    everybody = [(at, position) for at, family in enumerate(families) for position in range(len(family))]
    return [again(rng, families, at, position) for at, position in rng.sample(everybody, count)]


def again(rng, families, at, position) -> Query:
    family, present = families[at], [position]
    if len(family) > 1 and rng.random() < 0.5:
        others = [each for each in range(len(family)) if each != position and rng.random() < 0.7]
        present = sorted([position, *others])
    typed = [typed_again(rng, family[each]) for each in present]
    return Query("again", headed(typed), tuple((at, each) for each in present), present.index(position))


def headed(typed) -> tuple[Somebody, ...]:
    """Whoever is typed first is the head."""
    first, *others = typed
    kin = Relationship.OTHER_RELATIVE
    return (
        replace(first, relationship=Relationship.HEAD),
        *(replace(other, relationship=kin) if other.relationship == "HEAD" else other for other in others),
    )


def asked_new(rng, count) -> list[Query]:
    return [Query("new", tuple(family), (None,) * len(family)) for family in families_of(rng, count)]


def asked_siblings(rng, families, count) -> list[Query]:
    """Four in five come alone, the others bring one more brother or sister."""
    found, left = [], count
    while left:
        family = rng.choice(families)
        number = min(left, 2 if rng.random() < 0.2 else 1)
        typed = siblings_of(rng, rng.choice(family), family, number)
        found.append(Query("siblings", headed(typed), (None,) * number))
        left -= number
    return found


def siblings_of(rng, somebody, family, number) -> list[Somebody]:
    """Each of another age than the others; no given name of the family comes again as a first one."""
    taken = {name for each in family for name in each.given}
    ages, found = {somebody.age}, []
    while len(found) < number:
        age = max(somebody.age + rng.choice((-1, 1)) * rng.randint(1, 9), 0)
        if age in ages:
            continue
        sex = rng.choice("FM")
        given = given_names(rng, sex, age, somebody.country, taken)
        taken.update(given)
        ages.add(age)
        found.append(replace(somebody, given=given, sex=sex, age=age, relationship=Relationship.SIBLING))
    return found


# --- into the database -----------------------------------------------------------------------------------


def store(crowd: Crowd, shelter, by, *, at, batch=1000) -> list[list[Person]]:
    """Saved people, one list for each family, in order. Registered over the thirty days before `at`."""
    notice = PrivacyNotice.objects.latest()
    rng, records, people = Random(f"{crowd.seed} store"), [], []
    for family in crowd.families:
        moment = at - timedelta(days=rng.randint(0, 30))
        day = shelter.day_of(moment)
        record = Family(
            shelter=shelter,
            registered_at=moment,
            registered_on=day,
            arrived_on=day,
            registered_by=by,
            notice=notice,
            notice_answer=Family.NoticeAnswer.ACCEPTED,
        )
        records.append(record)
        people.append(
            [somebody.person(day, family=record, position=nth) for nth, somebody in enumerate(family)]
        )
    Family.objects.bulk_create(records, batch_size=batch)
    Person.objects.bulk_create([person for family in people for person in family], batch_size=batch)
    return people
