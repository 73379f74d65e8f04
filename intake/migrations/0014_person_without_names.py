from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("intake", "0013_consents_and_hand_overs")]

    operations = [
        migrations.AddIndex(
            model_name="person",
            index=models.Index(fields=["id", "family", "sex", "birth_date"], name="person_without_names"),
        ),
    ]
