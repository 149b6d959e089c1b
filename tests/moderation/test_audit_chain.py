"""The audit log: added to by every act, in one line, and no change of it goes unseen."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import InternalError, connection, transaction
from django.db.utils import IntegrityError

from accounts.models import Role
from moderation.enforcement.anchors import anchor_file, keep_head
from moderation.enforcement.audit import append
from moderation.models.audit import AuditEntry
from moderation.policy.chain import NOTHING, Break, Head
from moderation.selectors.audit import chain_head, verify_chain
from tests.people import make_user

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ROWS, EDITS = 60, 1000
TRIGGERS = "moderation_auditentry"


@pytest.fixture(autouse=True)
def _empty_log(transactional_db: None) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE moderation_auditentry")
    anchor_file().unlink(missing_ok=True)
    yield
    anchor_file().unlink(missing_ok=True)


def _append(count: int) -> None:
    for number in range(count):
        with transaction.atomic():
            append("test.act", subject="clip", subject_id=number, payload={"n": number, "t": "ä\n"})


def test_every_act_is_chained_when_it_commits_and_gone_when_it_does_not() -> None:
    _append(3)
    with pytest.raises(RuntimeError), transaction.atomic():
        append("test.act", subject="clip", subject_id=9)
        raise RuntimeError
    rows = list(AuditEntry.objects.order_by("seq"))
    assert [row.seq for row in rows] == [1, 2, 3]
    assert rows[0].prev_hash == NOTHING
    assert [row.prev_hash for row in rows[1:]] == [row.hash for row in rows[:-1]]
    assert verify_chain() == Head(3, str(rows[-1].hash))


def test_nobody_changes_or_removes_a_row_or_says_its_hash() -> None:
    _append(2)
    for attempt in (
        lambda: AuditEntry.objects.update(actor="x"),
        lambda: AuditEntry.objects.all().delete(),
        lambda: AuditEntry.objects.filter(seq=1).update(seq=5),
    ):
        with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
            attempt()
    AuditEntry.objects.create(
        actor="x", action="x", subject="x", subject_id="x", payload="{}", seq=77, hash="f" * 64
    )
    assert AuditEntry.objects.order_by("-seq").values_list("seq", flat=True)[0] == 3
    assert isinstance(verify_chain(), Head)


def test_many_at_once_make_one_line() -> None:
    def work() -> None:
        try:
            for _ in range(20):
                with transaction.atomic():
                    append("test.race", subject="clip", subject_id="1")
                    append("test.race", subject="clip", subject_id="2")
        finally:
            connection.close()

    threads = [Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    head = verify_chain()
    assert isinstance(head, Head)
    assert head.seq == 6 * 20 * 2


# ruff: noqa: S608, ISC004, TRY301 - the forger writes SQL, and takes it back
Edit = Callable[[random.Random], tuple[str, list[object]]]
TEXTS = ("actor", "action", "subject", "subject_id", "payload")


def _text_edit(chance: random.Random) -> tuple[str, list[object]]:
    column = chance.choice(TEXTS)
    change = chance.choice(["|| 'x'", "|| E'\\n'", "|| ' '"])
    return f"UPDATE {{t}} SET {column} = {column} {change} WHERE seq = %s", [_seq(chance)]


def _hash_edit(chance: random.Random) -> tuple[str, list[object]]:
    column = chance.choice(["hash", "prev_hash"])
    value = "".join(chance.choice("0123456789abcdef") for _ in range(64))
    return f"UPDATE {{t}} SET {column} = %s WHERE seq = %s", [value, _seq(chance)]


def _time_edit(chance: random.Random) -> tuple[str, list[object]]:
    shift = timedelta(microseconds=chance.choice([1, -1, 1_000_000, 86_400_000_000]))
    return "UPDATE {t} SET at = at + %s WHERE seq = %s", [shift, _seq(chance)]


def _id_edit(chance: random.Random) -> tuple[str, list[object]]:
    return "UPDATE {t} SET id = gen_random_uuid() WHERE seq = %s", [_seq(chance)]


def _number_edit(chance: random.Random) -> tuple[str, list[object]]:
    to = chance.choice([None, ROWS + chance.randint(1, 5), -1, 0])
    return "UPDATE {t} SET seq = %s WHERE seq = %s", [to, _seq(chance)]


def _deletion(chance: random.Random) -> tuple[str, list[object]]:
    if chance.random() < 0.3:
        return "DELETE FROM {t} WHERE seq > %s", [_seq(chance) - 1]
    return "DELETE FROM {t} WHERE seq = %s", [_seq(chance)]


def _insertion(chance: random.Random) -> tuple[str, list[object]]:
    at = chance.choice([None, ROWS + 1, _seq(chance)])
    shift = (
        "UPDATE {t} SET seq = -seq - 1 WHERE seq >= %s; UPDATE {t} SET seq = -seq WHERE seq < 0;"
    )
    insert = (
        "INSERT INTO {t}"
        " (id, seq, at, actor, action, subject, subject_id, payload, prev_hash, hash)"
        " SELECT gen_random_uuid(), %s, at, actor, 'forged', subject, subject_id, payload,"
        " prev_hash, hash FROM {t} WHERE seq = %s"
    )
    if at is None or at > ROWS:
        return insert, [at, _seq(chance)]
    return shift + insert, [at, at, at - 1 if at > 1 else 2]


def _swap(chance: random.Random) -> tuple[str, list[object]]:
    one, other = chance.sample(range(1, ROWS + 1), 2)
    return (
        "UPDATE {t} SET seq = -1 WHERE seq = %s; UPDATE {t} SET seq = %s WHERE seq = %s;"
        " UPDATE {t} SET seq = %s WHERE seq = -1",
        [one, one, other, other],
    )


def _rewritten(chance: random.Random) -> tuple[str, list[object]]:
    """A forger who knows how the hashes are made changes the last row and hashes it anew."""
    return (
        "UPDATE {t} SET actor = 'forger' WHERE seq = %s; UPDATE {t} SET hash ="
        " encode(sha256(convert_to(concat_ws(E'\\n', prev_hash, seq, id,"
        " to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'),"
        " actor, action, subject, subject_id, payload), 'UTF8')), 'hex') WHERE seq = %s",
        [ROWS, ROWS],
    )


def _seq(chance: random.Random) -> int:
    return chance.randint(1, ROWS)


KINDS: tuple[Edit, ...] = (
    _text_edit, _hash_edit, _time_edit, _id_edit, _number_edit, _deletion, _insertion, _swap,
    _rewritten,
)  # fmt: skip


class _TakeBack(Exception):
    pass


def test_a_thousand_edits_by_a_superuser_are_all_found() -> None:
    _append(ROWS)
    kept = chain_head()
    assert kept is not None
    chance = random.Random(20261122)
    missed = []
    for number in range(EDITS):
        kind = KINDS[number % len(KINDS)]
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL session_replication_role = replica")
                statement, values = kind(chance)
                _run(cursor, statement.replace("{t}", TRIGGERS), values)
                if not isinstance(verify_chain(anchors=[kept]), Break):
                    missed.append((kind.__name__, statement, values))
                raise _TakeBack
        except _TakeBack:
            continue
    assert missed == []
    assert verify_chain(anchors=[kept]) == kept


def _run(cursor: object, statements: str, values: list[object]) -> None:
    rest = list(values)
    for one in statements.split(";"):
        count = one.count("%s")
        cursor.execute(one, rest[:count])  # type: ignore[attr-defined]
        rest = rest[count:]


def test_the_command_says_where_and_knows_a_log_that_was_cut() -> None:
    _append(5)
    head = keep_head(now=NOW)
    told = StringIO()
    call_command("verify_audit", stdout=told)
    assert "5 rows" in told.getvalue()
    assert str(head) in told.getvalue()
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(f"DELETE FROM {TRIGGERS} WHERE seq = 5")
        cursor.execute("SET session_replication_role = origin")
    assert isinstance(verify_chain(), Head), "the rest of the chain holds by itself"
    with pytest.raises(CommandError, match="row 5: it is missing"):
        call_command("verify_audit", stdout=StringIO())
    anchor_file().unlink()
    call_command("verify_audit", stdout=StringIO())
    with pytest.raises(CommandError, match="row 5"):
        call_command("verify_audit", "--head", str(head), stdout=StringIO())
    with pytest.raises(CommandError, match="row 2"):
        call_command("verify_audit", "--head", f"2:{'0' * 64}", stdout=StringIO())


def test_heads_are_kept_once_each() -> None:
    assert keep_head(now=NOW) is None
    _append(1)
    first = keep_head(now=NOW)
    assert keep_head(now=NOW) == first
    _append(1)
    keep_head(now=NOW)
    assert len(anchor_file().read_text().splitlines()) == 2


def test_a_role_given_by_the_operator_is_on_record() -> None:
    make_user("rosa")
    call_command("set_role", "rosa", Role.MODERATOR, stdout=StringIO())
    entry = AuditEntry.objects.get(action="role.changed")
    assert (entry.actor, entry.payload) == ("operator", '{"from":"creator","to":"moderator"}')


def test_a_corrected_year_of_birth_is_on_record_without_the_year() -> None:
    ada, noor = make_user("ada", birth_year=2011), make_user("noor", role=Role.MODERATOR)
    with pytest.raises(CommandError):
        call_command("set_birth_year", "ada", "1990", by="ada")
    assert not AuditEntry.objects.exists()
    call_command("set_birth_year", "ada", "1990", by="noor", stdout=StringIO())
    entry = AuditEntry.objects.get(action="birth_year.corrected")
    assert (entry.actor, entry.subject_id) == (str(noor.pk), str(ada.pk))
    assert entry.payload == "{}"


def test_another_watermark_key_is_on_record_by_its_name(settings: Any, tmp_path: Path) -> None:
    settings.REVERIE_DATA = tmp_path
    out = StringIO()
    call_command("rotate_watermark_key", stdout=out)
    entry = AuditEntry.objects.get(action="watermark_key.rotated")
    assert entry.actor == "operator"
    assert entry.subject_id in out.getvalue()
