"""A query that is asked at every scan, written down once: Django takes longer to write such a query than to run it.

    open_of = Prepared(lambda: Stay.objects.open().filter(person=Blank("person", UUIDField())))
    open_of(person=person.pk)

The queryset is built and compiled once for each connection, with blanks where a value changes; a call fills them in.
Only what is the same for every account may be built in: a right is asked for before the call, never inside.
"""

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Expression


class Blank(Expression):
    """A place for a value of that name, written as `field` writes it."""

    def __init__(self, name, field):
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler, connection):
        return "%s", [self]


def blanks(name, number, field) -> list[Blank]:
    """So many places for values of one name, as `several` fills them."""
    return [Blank(f"{name} {n}", field) for n in range(number)]


def several(name, number, values) -> dict:
    """One value at least, `number` at most; the first stands again for those that are missing, and finds no more."""
    values = list(values)
    return {f"{name} {n}": values[n if n < len(values) else 0] for n in range(number)}


class Prepared:
    """`build` gives a queryset of models or of tuples. A call gives the list of what it finds."""

    def __init__(self, build):
        self.build = build

    def __call__(self, **values) -> list:
        connection = connections[DEFAULT_DB_ALIAS]
        kept = vars(connection).setdefault("prepared", {})  # ends with the connection, and so with its thread
        written = kept.get(self)
        if not written:
            written = kept[self] = Written(self.build(), connection)
        return written.read(values)


class Written:
    """Stands where a queryset would while Django reads its rows, with a compiler that has done its work already."""

    _fields, _known_related_objects = (), {}

    def __init__(self, queryset, connection):
        self.db, self.query, self.rows = connection.alias, self, queryset._iterable_class
        self.compiler = queryset.query.get_compiler(connection=connection)
        self.sql, self.parameters = self.compiler.as_sql()
        readers = self.compiler.get_converters(each[0] for each in self.compiler.select)
        self.compiler.as_sql, self.compiler.get_converters = self.filled, lambda _columns: readers
        self.connection, self.values = connection, {}

    def get_compiler(self, using):
        return self.compiler

    def read(self, values) -> list:
        self.values = values
        return list(self.rows(self))

    def filled(self):
        return self.sql, [self.value(each) if isinstance(each, Blank) else each for each in self.parameters]

    def value(self, blank):
        return blank.output_field.get_db_prep_value(self.values[blank.name], self.connection)
