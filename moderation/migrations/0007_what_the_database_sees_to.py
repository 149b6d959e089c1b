"""What the database itself sees to: statements with restrictions, a chained audit, fair appeals."""

from django.db import migrations

STATEMENTS = """
CREATE FUNCTION moderation_decision_has_its_statement() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wanted uuid;
BEGIN
    IF TG_TABLE_NAME = 'moderation_statement' THEN wanted := OLD.decision_id; ELSE wanted := NEW.id;
    END IF;
    IF EXISTS (SELECT 1 FROM moderation_decision WHERE id = wanted AND restriction <> '')
       AND NOT EXISTS (SELECT 1 FROM moderation_statement WHERE decision_id = wanted) THEN
        RAISE EXCEPTION 'decision % restricts somebody and has no statement of reasons', wanted
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER decision_has_its_statement
    AFTER INSERT OR UPDATE OF restriction ON moderation_decision
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.restriction <> '')
    EXECUTE FUNCTION moderation_decision_has_its_statement();
CREATE CONSTRAINT TRIGGER statement_stays_with_its_decision
    AFTER DELETE OR UPDATE OF decision_id ON moderation_statement
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    EXECUTE FUNCTION moderation_decision_has_its_statement();

CREATE FUNCTION moderation_statement_says_the_same() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (to_jsonb(NEW) - 'mailed_at' - 'ended_at' - 'reversed_at')
       IS DISTINCT FROM (to_jsonb(OLD) - 'mailed_at' - 'ended_at' - 'reversed_at') THEN
        RAISE EXCEPTION 'what a statement says is not changed afterwards'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER statement_says_the_same BEFORE UPDATE ON moderation_statement
    FOR EACH ROW EXECUTE FUNCTION moderation_statement_says_the_same();
"""
NO_STATEMENTS = """
DROP TRIGGER statement_says_the_same ON moderation_statement;
DROP FUNCTION moderation_statement_says_the_same;
DROP TRIGGER statement_stays_with_its_decision ON moderation_statement;
DROP TRIGGER decision_has_its_statement ON moderation_decision;
DROP FUNCTION moderation_decision_has_its_statement;
"""

# The text that is hashed is spelled again in moderation/policy/chain.py.
AUDIT = """
CREATE FUNCTION moderation_audit_chain() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    head record;
    link_seq bigint;
    link_prev text;
    link_hash text;
BEGIN
    -- One committing transaction at a time; the next statement sees what the last one committed.
    PERFORM pg_advisory_xact_lock(7233011);
    SELECT seq, hash INTO head FROM moderation_auditentry
        WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1;
    link_seq := coalesce(head.seq, 0) + 1;
    link_prev := coalesce(head.hash, repeat('0', 64));
    link_hash := encode(sha256(convert_to(concat_ws(E'\\n',
        link_prev, link_seq, NEW.id,
        to_char(NEW.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        NEW.actor, NEW.action, NEW.subject, NEW.subject_id, NEW.payload), 'UTF8')), 'hex');
    UPDATE moderation_auditentry SET seq = link_seq, prev_hash = link_prev, hash = link_hash
        WHERE id = NEW.id;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER audit_entry_is_chained AFTER INSERT ON moderation_auditentry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION moderation_audit_chain();

CREATE FUNCTION moderation_audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.hash IS NULL AND (to_jsonb(NEW) - 'seq' - 'prev_hash' - 'hash')
            = (to_jsonb(OLD) - 'seq' - 'prev_hash' - 'hash') THEN RETURN NEW; END IF;
    END IF;
    RAISE EXCEPTION 'the audit log is only added to'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER audit_entry_stays BEFORE UPDATE OR DELETE ON moderation_auditentry
    FOR EACH ROW EXECUTE FUNCTION moderation_audit_stays();

CREATE FUNCTION moderation_audit_starts_unchained() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.seq := NULL; NEW.prev_hash := NULL; NEW.hash := NULL;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_entry_starts_unchained BEFORE INSERT ON moderation_auditentry
    FOR EACH ROW EXECUTE FUNCTION moderation_audit_starts_unchained();
"""
NO_AUDIT = """
DROP TRIGGER audit_entry_starts_unchained ON moderation_auditentry;
DROP FUNCTION moderation_audit_starts_unchained;
DROP TRIGGER audit_entry_stays ON moderation_auditentry;
DROP FUNCTION moderation_audit_stays;
DROP TRIGGER audit_entry_is_chained ON moderation_auditentry;
DROP FUNCTION moderation_audit_chain;
"""

APPEALS = """
CREATE FUNCTION moderation_appeal_is_fair() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE before uuid; concerned uuid; reporter uuid;
BEGIN
    IF NEW.decided_by_id IS NULL THEN RETURN NEW; END IF;
    SELECT decided_by_id, about_id INTO before, concerned FROM moderation_decision WHERE id =
        coalesce((SELECT decision_id FROM moderation_statement WHERE id = NEW.statement_id),
                 (SELECT decision_id FROM moderation_notice WHERE id = NEW.notice_id));
    SELECT reporter_id INTO reporter FROM moderation_notice WHERE id = NEW.notice_id;
    IF NEW.decided_by_id IN (before, concerned, reporter, NEW.appellant_id) THEN
        RAISE EXCEPTION 'an appeal is decided by somebody who has no part in it'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER appeal_is_decided_by_another_person BEFORE INSERT OR UPDATE ON moderation_appeal
    FOR EACH ROW EXECUTE FUNCTION moderation_appeal_is_fair();
"""
NO_APPEALS = """
DROP TRIGGER appeal_is_decided_by_another_person ON moderation_appeal;
DROP FUNCTION moderation_appeal_is_fair;
"""


class Migration(migrations.Migration):
    dependencies = [("moderation", "0006_policy_versions")]

    operations = [
        migrations.RunSQL(STATEMENTS, NO_STATEMENTS),
        migrations.RunSQL(AUDIT, NO_AUDIT),
        migrations.RunSQL(APPEALS, NO_APPEALS),
    ]
