import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('intake', '0013_consents_and_hand_overs'),
        ('shelters', '0012_break_glass_and_alarms'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='LateForm',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('key', models.UUIDField(help_text='Of the form, under which it was sealed.')),
                ('sealed', models.TextField(blank=True)),
                ('came_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('settled_at', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('shelter', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='shelters.shelter')),
            ],
            options={
                'verbose_name': 'form of a device',
                'verbose_name_plural': 'forms of devices, to be corrected',
                'ordering': ['came_at'],
                'default_permissions': ['view'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(models.Q(('settled_at__isnull', True)), models.Q(('sealed', ''), _negated=True)), models.Q(('sealed', ''), ('settled_at__isnull', False)), _connector='OR'), name='late_form_settled_is_empty')],
            },
        ),
    ]
