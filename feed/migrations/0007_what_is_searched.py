"""Words that are searched, and uses of hashtags: kept by the database, whatever code writes.

`feed_searchable` folds accents and sets signs apart that are words by themselves (Chinese,
Japanese, Thai, emoji), because those languages write no spaces; queries pass through it as well.
"""

from django.db import migrations

FUNCTIONS = r"""
CREATE FUNCTION feed_searchable(said text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT regexp_replace(
        normalize(regexp_replace(normalize(said, NFKD), '[\u0300-\u036f]', '', 'g'), NFC),
        '([\u0e00-\u0eff\u2600-\u27bf\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff'
            || '\U0001f300-\U0001faff\U00020000-\U0002ffff])', ' \1 ', 'g')
$$;

-- As it is written, for every language, and by its English stem.  Stop words keep a distance, so
-- that no phrase is found across the two.
CREATE FUNCTION feed_words(said text) RETURNS tsvector
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT to_tsvector('pg_catalog.simple'::regconfig, feed_searchable(said))
        || to_tsvector('pg_catalog.english'::regconfig, repeat('the ', 30) || feed_searchable(said))
$$;

CREATE FUNCTION feed_near(said text) RETURNS integer[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    WITH word AS (
        SELECT DISTINCT word
        FROM regexp_split_to_table(lower(feed_searchable(said)), '[^[:alnum:]_]+')
            WITH ORDINALITY AS split (word, place)
        WHERE length(word) BETWEEN 3 AND 60 AND place <= 12
    ), variant AS (
        SELECT word AS spelled FROM word
        UNION
        SELECT overlay(word PLACING '' FROM gap FOR 1)
        FROM word CROSS JOIN LATERAL generate_series(1, length(word)) AS gap
        WHERE length(word) >= 4
    )
    SELECT coalesce(array_agg(('x' || left(md5(spelled), 8))::bit(32)::integer), '{}') FROM variant
$$;
"""
NO_FUNCTIONS = """
DROP FUNCTION feed_near;
DROP FUNCTION feed_words;
DROP FUNCTION feed_searchable;
"""

CLIPS = """
CREATE FUNCTION feed_keep_clip_words(wanted uuid) RETURNS void LANGUAGE sql AS $$
    INSERT INTO feed_clipwords (clip_id, words)
    SELECT clip.id,
           setweight(feed_words(clip.caption || ' ' || array_to_string(clip.hashtags, ' ')), 'A')
           || setweight(feed_words(video.prompt), 'B')
    FROM clips_clip AS clip JOIN clips_video AS video ON video.id = clip.video_id
    WHERE clip.id = wanted AND clip.state = 'published'
    ON CONFLICT (clip_id) DO UPDATE SET words = EXCLUDED.words
$$;

CREATE FUNCTION feed_clip_is_searched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO feed_tagchange (tag) SELECT DISTINCT tag FROM feed_taguse WHERE clip_id = NEW.id;
    DELETE FROM feed_taguse WHERE clip_id = NEW.id;
    IF NEW.state = 'published' THEN
        PERFORM feed_keep_clip_words(NEW.id);
        INSERT INTO feed_taguse (tag, clip_id, published_at)
            SELECT DISTINCT tag, NEW.id, NEW.published_at FROM unnest(NEW.hashtags) AS tag;
        INSERT INTO feed_tagchange (tag) SELECT DISTINCT tag FROM unnest(NEW.hashtags) AS tag;
    ELSE
        DELETE FROM feed_clipwords WHERE clip_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER feed_clip_is_searched AFTER UPDATE OF state, caption, hashtags, privacy, limits,
    is_kept_from_minors, published_at ON clips_clip FOR EACH ROW
    WHEN ((OLD.state = 'published' OR NEW.state = 'published') AND
          (OLD.state, OLD.caption, OLD.hashtags, OLD.privacy, OLD.limits, OLD.is_kept_from_minors,
           OLD.published_at)
          IS DISTINCT FROM
          (NEW.state, NEW.caption, NEW.hashtags, NEW.privacy, NEW.limits, NEW.is_kept_from_minors,
           NEW.published_at))
    EXECUTE FUNCTION feed_clip_is_searched();
CREATE TRIGGER feed_clip_is_searched_at_once AFTER INSERT ON clips_clip FOR EACH ROW
    WHEN (NEW.state = 'published') EXECUTE FUNCTION feed_clip_is_searched();

CREATE FUNCTION feed_prompt_is_searched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM feed_keep_clip_words(id) FROM clips_clip WHERE video_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER feed_prompt_is_searched AFTER UPDATE OF prompt ON clips_video FOR EACH ROW
    WHEN (OLD.prompt IS DISTINCT FROM NEW.prompt) EXECUTE FUNCTION feed_prompt_is_searched();
"""
NO_CLIPS = """
DROP TRIGGER feed_prompt_is_searched ON clips_video;
DROP FUNCTION feed_prompt_is_searched;
DROP TRIGGER feed_clip_is_searched_at_once ON clips_clip;
DROP TRIGGER feed_clip_is_searched ON clips_clip;
DROP FUNCTION feed_clip_is_searched;
DROP FUNCTION feed_keep_clip_words;
"""

PEOPLE = """
CREATE FUNCTION feed_keep_person_words(person accounts_user) RETURNS void LANGUAGE sql AS $$
    INSERT INTO feed_personwords (user_id, words, near)
    VALUES (
        person.id,
        setweight(feed_words(person.handle || ' ' || person.display_name), 'A')
            || setweight(feed_words(person.bio), 'C'),
        feed_near(person.handle || ' ' || replace(person.handle, '_', ' ') || ' '
                  || person.display_name)
    )
    ON CONFLICT (user_id) DO UPDATE SET words = EXCLUDED.words, near = EXCLUDED.near
$$;

CREATE FUNCTION feed_person_is_searched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.is_active THEN
        PERFORM feed_keep_person_words(NEW);
    ELSE
        DELETE FROM feed_personwords WHERE user_id = NEW.id;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.is_active <> NEW.is_active THEN
        INSERT INTO feed_tagchange (tag)
            SELECT DISTINCT used.tag FROM feed_taguse AS used
            JOIN clips_clip AS clip ON clip.id = used.clip_id WHERE clip.author_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER feed_person_is_searched AFTER UPDATE OF is_active, handle, display_name, bio
    ON accounts_user FOR EACH ROW
    WHEN ((OLD.is_active, OLD.handle, OLD.display_name, OLD.bio) IS DISTINCT FROM
          (NEW.is_active, NEW.handle, NEW.display_name, NEW.bio))
    EXECUTE FUNCTION feed_person_is_searched();
CREATE TRIGGER feed_person_is_searched_at_once AFTER INSERT ON accounts_user FOR EACH ROW
    EXECUTE FUNCTION feed_person_is_searched();
"""
NO_PEOPLE = """
DROP TRIGGER feed_person_is_searched_at_once ON accounts_user;
DROP TRIGGER feed_person_is_searched ON accounts_user;
DROP FUNCTION feed_person_is_searched;
DROP FUNCTION feed_keep_person_words;
"""

WHAT_IS_THERE = """
SELECT feed_keep_person_words(person) FROM accounts_user AS person WHERE is_active;
SELECT feed_keep_clip_words(id) FROM clips_clip WHERE state = 'published';
INSERT INTO feed_taguse (tag, clip_id, published_at)
    SELECT DISTINCT tag, id, published_at FROM clips_clip, unnest(hashtags) AS tag
    WHERE state = 'published';
INSERT INTO feed_tagchange (tag) SELECT DISTINCT tag FROM feed_taguse;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_trusted_flagger"),
        ("clips", "0006_remixes"),
        ("feed", "0006_events"),
    ]

    operations = [
        migrations.RunSQL(FUNCTIONS, NO_FUNCTIONS),
        migrations.RunSQL(CLIPS, NO_CLIPS),
        migrations.RunSQL(PEOPLE, NO_PEOPLE),
        migrations.RunSQL(WHAT_IS_THERE, migrations.RunSQL.noop),
    ]
