from django.db import migrations

from shelters import audit

TRAIL = ["shelters_accessevent"]


class Migration(migrations.Migration):
    """The triggers that make the access trail append-only."""

    dependencies = [("shelters", "0001_initial")]
    operations = [
        migrations.RunPython(
            lambda apps, schema_editor: audit.guard(schema_editor, TRAIL),
            lambda apps, schema_editor: audit.unguard(schema_editor, TRAIL),
        )
    ]
