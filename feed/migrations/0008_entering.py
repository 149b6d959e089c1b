"""Entries are made by the database itself, with the publication."""

from django.db import migrations, models

TRIGGERS = """
CREATE FUNCTION feed_enter_clip() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO feed_entry (clip_id) VALUES (NEW.id) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER feed_enter_clip AFTER INSERT OR UPDATE OF state ON clips_clip FOR EACH ROW
    WHEN (NEW.state = 'published') EXECUTE FUNCTION feed_enter_clip();

CREATE FUNCTION feed_words_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE feed_entry SET embedding = NULL WHERE clip_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER feed_words_changed AFTER UPDATE OF caption, hashtags ON clips_clip FOR EACH ROW
    WHEN ((OLD.caption, OLD.hashtags) IS DISTINCT FROM (NEW.caption, NEW.hashtags))
    EXECUTE FUNCTION feed_words_changed();

INSERT INTO feed_entry (clip_id) SELECT id FROM clips_clip WHERE published_at IS NOT NULL
ON CONFLICT DO NOTHING;
"""
NO_TRIGGERS = """
DROP TRIGGER feed_words_changed ON clips_clip;
DROP FUNCTION feed_words_changed;
DROP TRIGGER feed_enter_clip ON clips_clip;
DROP FUNCTION feed_enter_clip;
"""


class Migration(migrations.Migration):
    dependencies = [("feed", "0007_what_is_searched")]

    operations = [
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(
                condition=models.Q(("embedding", None)),
                fields=["number"],
                name="entry_without_meaning",
            ),
        ),
        migrations.RunSQL(TRIGGERS, NO_TRIGGERS),
    ]
