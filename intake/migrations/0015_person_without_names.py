from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("intake", "0014_offline")]

    operations = [
        migrations.AddIndex(
            model_name="person",
            index=models.Index(fields=["id", "family", "sex", "birth_date"], name="person_without_names"),
        ),
    ]
