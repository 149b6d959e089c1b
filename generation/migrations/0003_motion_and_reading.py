from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("generation", "0002_remixes")]

    operations = [
        migrations.AddField(
            model_name="job",
            name="motion",
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="job",
            name="reading",
            field=models.JSONField(blank=True, default=dict),
        ),
    ]
