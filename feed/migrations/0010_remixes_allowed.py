"""Whether a clip may be remixed is part of how it is shown: what is kept of it is made anew."""

from django.db import migrations

CHANGES = """
CREATE TRIGGER feed_clip_remixes_changed AFTER UPDATE OF allows_remixes ON clips_clip FOR EACH ROW
    WHEN (OLD.state = 'published' AND OLD.allows_remixes <> NEW.allows_remixes)
    EXECUTE FUNCTION feed_clip_changed();
"""


class Migration(migrations.Migration):
    dependencies = [("feed", "0009_logins"), ("clips", "0006_remixes")]

    operations = [
        migrations.RunSQL(CHANGES, "DROP TRIGGER feed_clip_remixes_changed ON clips_clip")
    ]
