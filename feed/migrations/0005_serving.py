"""Artefacts, and the outbox of changes: triggers fill it in the very transaction of a change."""

import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

CLIPS = """
CREATE FUNCTION feed_clip_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO feed_change (concern, subject) VALUES ('clip', OLD.id::text);
    RETURN NULL;
END $$;
CREATE TRIGGER feed_clip_changed AFTER UPDATE OF state, privacy, limits, is_kept_from_minors,
    caption, hashtags, reason, author_id, published_at ON clips_clip FOR EACH ROW
    WHEN ((OLD.state = 'published' OR NEW.state = 'published') AND
          (OLD.state, OLD.privacy, OLD.limits, OLD.is_kept_from_minors, OLD.caption, OLD.hashtags,
           OLD.reason, OLD.author_id, OLD.published_at)
          IS DISTINCT FROM
          (NEW.state, NEW.privacy, NEW.limits, NEW.is_kept_from_minors, NEW.caption, NEW.hashtags,
           NEW.reason, NEW.author_id, NEW.published_at))
    EXECUTE FUNCTION feed_clip_changed();
CREATE TRIGGER feed_clip_deleted AFTER DELETE ON clips_clip FOR EACH ROW
    WHEN (OLD.state = 'published') EXECUTE FUNCTION feed_clip_changed();

CREATE FUNCTION feed_video_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO feed_change (concern, subject)
        SELECT 'clip', id::text FROM clips_clip WHERE video_id = OLD.id;
    RETURN NULL;
END $$;
CREATE TRIGGER feed_video_changed AFTER UPDATE OF origin, prompt, width, height, duration_seconds,
    provenance, digital_source_type ON clips_video FOR EACH ROW
    EXECUTE FUNCTION feed_video_changed();

CREATE FUNCTION feed_label_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE label record;
BEGIN
    label := coalesce(NEW, OLD);
    IF label.subject = 'clip' THEN
        INSERT INTO feed_change (concern, subject) VALUES ('clip', label.subject_id::text);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER feed_label_changed AFTER INSERT OR UPDATE OR DELETE ON moderation_contentlabel
    FOR EACH ROW EXECUTE FUNCTION feed_label_changed();
"""
NO_CLIPS = """
DROP TRIGGER feed_label_changed ON moderation_contentlabel;
DROP FUNCTION feed_label_changed;
DROP TRIGGER feed_video_changed ON clips_video;
DROP FUNCTION feed_video_changed;
DROP TRIGGER feed_clip_deleted ON clips_clip;
DROP TRIGGER feed_clip_changed ON clips_clip;
DROP FUNCTION feed_clip_changed;
"""

PEOPLE = """
CREATE FUNCTION feed_author_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO feed_change (concern, subject) VALUES ('author', OLD.id::text);
    RETURN NULL;
END $$;
CREATE TRIGGER feed_author_changed AFTER UPDATE OF is_active, handle, display_name, picture_digest
    ON accounts_user FOR EACH ROW
    WHEN ((OLD.is_active, OLD.handle, OLD.display_name, OLD.picture_digest) IS DISTINCT FROM
          (NEW.is_active, NEW.handle, NEW.display_name, NEW.picture_digest))
    EXECUTE FUNCTION feed_author_changed();

CREATE FUNCTION feed_person_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO feed_change (concern, subject) VALUES ('person', OLD.id::text);
    RETURN NULL;
END $$;
CREATE TRIGGER feed_person_changed AFTER UPDATE OF is_active, birth_year, role, password
    ON accounts_user FOR EACH ROW
    WHEN ((OLD.is_active, OLD.birth_year, OLD.role, OLD.password) IS DISTINCT FROM
          (NEW.is_active, NEW.birth_year, NEW.role, NEW.password))
    EXECUTE FUNCTION feed_person_changed();
CREATE TRIGGER feed_person_deleted AFTER DELETE ON accounts_user FOR EACH ROW
    EXECUTE FUNCTION feed_person_changed();

CREATE FUNCTION feed_key_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO feed_change (concern, subject) VALUES ('person', OLD.owner_id::text);
    RETURN NULL;
END $$;
CREATE TRIGGER feed_key_revoked AFTER UPDATE OF revoked_at ON accounts_apikey FOR EACH ROW
    WHEN (OLD.revoked_at IS DISTINCT FROM NEW.revoked_at) EXECUTE FUNCTION feed_key_changed();
CREATE TRIGGER feed_key_deleted AFTER DELETE ON accounts_apikey FOR EACH ROW
    EXECUTE FUNCTION feed_key_changed();

CREATE FUNCTION feed_block_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE block record;
BEGIN
    block := coalesce(NEW, OLD);
    INSERT INTO feed_change (concern, subject)
        VALUES ('person', block.blocker_id::text), ('person', block.blocked_id::text);
    RETURN NULL;
END $$;
CREATE TRIGGER feed_block_changed AFTER INSERT OR UPDATE OR DELETE ON social_block
    FOR EACH ROW EXECUTE FUNCTION feed_block_changed();

CREATE FUNCTION feed_session_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO feed_change (concern, subject) VALUES ('session', OLD.session_key);
    RETURN NULL;
END $$;
CREATE TRIGGER feed_session_changed AFTER UPDATE OR DELETE ON django_session
    FOR EACH ROW EXECUTE FUNCTION feed_session_changed();
"""
NO_PEOPLE = """
DROP TRIGGER feed_session_changed ON django_session;
DROP FUNCTION feed_session_changed;
DROP TRIGGER feed_block_changed ON social_block;
DROP FUNCTION feed_block_changed;
DROP TRIGGER feed_key_deleted ON accounts_apikey;
DROP TRIGGER feed_key_revoked ON accounts_apikey;
DROP FUNCTION feed_key_changed;
DROP TRIGGER feed_person_deleted ON accounts_user;
DROP TRIGGER feed_person_changed ON accounts_user;
DROP FUNCTION feed_person_changed;
DROP TRIGGER feed_author_changed ON accounts_user;
DROP FUNCTION feed_author_changed;
"""


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("accounts", "0004_trusted_flagger"),
        ("clips", "0005_watermark"),
        ("feed", "0004_search_and_pins"),
        ("moderation", "0008_no_held_clips"),
        ("sessions", "0001_initial"),
        ("social", "0002_blocks_and_mutes"),
    ]

    operations = [
        migrations.CreateModel(
            name="Artefact",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("digest", models.CharField(max_length=64)),
                ("size_bytes", models.PositiveBigIntegerField()),
                ("made_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Change",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "concern",
                    models.CharField(
                        choices=[
                            ("clip", "Clip"),
                            ("author", "Author"),
                            ("person", "Person"),
                            ("session", "Session"),
                        ],
                        max_length=8,
                    ),
                ),
                ("subject", models.CharField(max_length=64)),
                (
                    "at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("concern__in", ["clip", "author", "person", "session"])
                        ),
                        name="change_concern_is_known",
                    )
                ],
            },
        ),
        migrations.RunSQL(CLIPS, NO_CLIPS),
        migrations.RunSQL(PEOPLE, NO_PEOPLE),
    ]
