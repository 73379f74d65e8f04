from django.db import migrations

from intake.matching.names import sound_keys

COLUMNS = ("given_key", "given_key_2", "surname_key", "surname_key_2")


def fill(apps, schema_editor):
    """Who was registered before gets keys too."""
    Person = apps.get_model("intake", "Person")
    batch = []
    people = Person.objects.using(schema_editor.connection.alias).exclude(given_names="", surnames="", known_as="")
    for person in people.iterator(chunk_size=2000):
        for column, key in zip(COLUMNS, sound_keys(person.given_names, person.surnames, person.known_as), strict=True):
            setattr(person, column, key[:24])
        batch.append(person)
        if len(batch) == 2000:
            Person.objects.bulk_update(batch, COLUMNS)
            batch = []
    if batch:
        Person.objects.bulk_update(batch, COLUMNS)


class Migration(migrations.Migration):
    dependencies = [("intake", "0003_look_alikes_and_merges")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
