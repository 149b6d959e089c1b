"""Changes of sessions and of API keys are both changes of logins, known by a digest."""

from django.db import migrations, models

LOGINS = """
CREATE OR REPLACE FUNCTION feed_session_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO feed_change (concern, subject) VALUES ('login',
        encode(sha256(convert_to('session:' || OLD.session_key, 'UTF8')), 'hex'));
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION feed_key_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO feed_change (concern, subject) VALUES ('login', OLD.digest);
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("feed", "0008_entering")]

    operations = [
        migrations.RemoveConstraint("change", "change_concern_is_known"),
        migrations.RunSQL(
            "DELETE FROM feed_change WHERE concern = 'session'", migrations.RunSQL.noop
        ),
        migrations.AlterField(
            "change",
            "concern",
            models.CharField(
                choices=[
                    ("clip", "Clip"),
                    ("author", "Author"),
                    ("person", "Person"),
                    ("login", "Login"),
                ],
                max_length=8,
            ),
        ),
        migrations.AddConstraint(
            "change",
            models.CheckConstraint(
                condition=models.Q(("concern__in", ["clip", "author", "person", "login"])),
                name="change_concern_is_known",
            ),
        ),
        migrations.RunSQL(LOGINS, migrations.RunSQL.noop),
    ]
