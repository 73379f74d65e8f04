import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('shelters', '0011_retention'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='accessevent',
            options={'default_permissions': ['view'], 'ordering': ['-at', '-id'], 'permissions': [('see_shelter_events', 'Can see what was done at their shelters')], 'verbose_name': 'access event', 'verbose_name_plural': 'access events'},
        ),
        migrations.AlterField(
            model_name='accessevent',
            name='action',
            field=models.CharField(choices=[('signed_in', 'Signed in'), ('sign_in_refused', 'Sign-in refused'), ('signed_out', 'Signed out'), ('code_refused', 'Code of the second factor refused'), ('account_locked', 'Locked after five wrong passwords or codes'), ('many_locked', 'Many accounts locked in an hour'), ('factor_set_up', 'Second factor set up'), ('factor_taken_off', 'Second factor taken off'), ('codes_made', 'Recovery codes made'), ('session_ended', 'Sessions ended'), ('shift_started', 'Shift started'), ('family_registered', 'Family registered'), ('form_kept', 'Form of a device kept to be corrected'), ('form_opened', 'Form of a device opened'), ('form_settled', 'Form of a device corrected or thrown away'), ('family_opened', 'Family opened'), ('family_changed', 'Family changed'), ('person_added', 'Person added'), ('person_changed', 'Person changed'), ('family_split', 'Family split'), ('departed', 'Departure recorded'), ('departure_undone', 'Departure undone'), ('returned', 'Return recorded'), ('service_recorded', 'Service recorded'), ('service_cancelled', 'Service cancelled'), ('intention_recorded', 'Intention recorded'), ('need_recorded', 'Need recorded'), ('cards_made', 'Cards made or printed'), ('card_bound', 'Card bound'), ('card_revoked', 'Card revoked'), ('card_scanned', 'Card scanned'), ('tallied', 'People counted without names'), ('queued', 'Ticket given or called'), ('seen', 'Seen in the shelter'), ('counted', 'Zone counted'), ('alert_settled', 'Alert settled'), ('goods_moved', 'Goods recorded'), ('searched', 'Searched'), ('look_alikes_shown', 'Shown possible duplicates'), ('look_alike_judged', 'Possible duplicate judged'), ('merged', 'Records joined'), ('merge_undone', 'Joining undone'), ('census_frozen', 'Census frozen'), ('census_withdrawn', 'Frozen census withdrawn'), ('report_opened', 'Report opened'), ('records_opened', 'Records behind a number opened'), ('exported', 'Data exported'), ('export_asked', 'Approval of an export asked'), ('export_approved', 'Export approved'), ('export_declined', 'Export declined'), ('family_shown', 'Shown in a list or a search'), ('listed', 'List opened'), ('legal_notes_opened', 'Legal notes opened'), ('legal_note_written', 'Legal note written'), ('health_notes_opened', 'Health notes opened'), ('health_note_written', 'Health note written'), ('trail_opened', 'Access trail opened'), ('many_opened', 'Very many families opened in an hour'), ('reading_stopped', 'Stopped: too many families in an hour'), ('trail_verified', 'Access trail looked through: whole'), ('trail_broken', 'Access trail looked through: changed'), ('findings_known', 'What was found in the access trail is known'), ('clock_moved', 'Clock moved'), ('anonymised', 'Names and history deleted, counts kept'), ('account_anonymised', 'Closed account became a number'), ('person_erased', 'Person erased for good'), ('own_data_given', 'Own data handed over'), ('backed_up', 'Backup made'), ('restored', 'Backup restored'), ('break_glass_asked', 'Emergency access asked'), ('break_glass_granted', 'Emergency access granted'), ('break_glass_refused', 'Emergency access refused'), ('break_glass_ended', 'Emergency access ended'), ('break_glass_reviewed', 'Emergency access reviewed'), ('admin_added', 'Added in the admin'), ('admin_changed', 'Changed in the admin'), ('admin_deleted', 'Deleted in the admin')], max_length=20, verbose_name='action'),
        ),
        migrations.CreateModel(
            name='BreakGlass',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('asked_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='asked at')),
                ('decided_at', models.DateTimeField(null=True, verbose_name='decided at')),
                ('is_approved', models.BooleanField(null=True, verbose_name='approved')),
                ('reason', models.CharField(max_length=300, verbose_name='reason')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='ended at')),
                ('reviewed_at', models.DateTimeField(null=True, verbose_name='reviewed at')),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='asked by')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='decided by')),
                ('ended_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='ended by')),
                ('reviewed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='reviewed by')),
                ('shelter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='shelters.shelter', verbose_name='shelter')),
            ],
            options={
                'verbose_name': 'emergency access',
                'verbose_name_plural': 'emergency accesses',
                'ordering': ['-asked_at'],
                'permissions': [('review_breakglass', 'Can review what was read by emergency access')],
                'default_permissions': ['view', 'add', 'change'],
                'constraints': [models.CheckConstraint(condition=models.Q(('decided_by__isnull', True), models.Q(('decided_by', models.F('asked_by')), _negated=True), _connector='OR'), name='glass_decided_by_somebody_else', violation_error_message='Somebody else has to decide.'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('decided_by__isnull', True), ('is_approved__isnull', True)), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False), ('is_approved__isnull', False)), _connector='OR'), name='glass_decided_as_a_whole'), models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='glass_has_a_reason'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('ended_by__isnull', True)), models.Q(('decided_at__isnull', False), ('ended_at__gte', models.F('decided_at')), ('ended_at__isnull', False), ('ended_by__isnull', False), ('is_approved', True)), _connector='OR'), name='glass_ended_after_it_began'), models.CheckConstraint(condition=models.Q(models.Q(('reviewed_at__isnull', True), ('reviewed_by__isnull', True)), models.Q(('decided_at__isnull', False), ('is_approved', True), ('reviewed_at__gte', models.F('decided_at')), ('reviewed_at__isnull', False), ('reviewed_by__isnull', False)), _connector='OR'), name='glass_reviewed_after_it_began'), models.CheckConstraint(condition=models.Q(('reviewed_by__isnull', True), models.Q(('reviewed_by', models.F('asked_by')), _negated=True), _connector='OR'), name='glass_reviewed_by_somebody_else', violation_error_message='Somebody else has to look at what was read.')],
            },
        ),
    ]
