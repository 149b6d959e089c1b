"""How the policy changes: one proposes, it may be tried out, another puts it in force."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.models import Role, User
from accounts.permissions import require_role
from common.errors import Conflict, Denied, Invalid
from common.transitions import move
from moderation import screening
from moderation.enforcement.audit import OPERATOR, append
from moderation.models.policies import PolicyVersion
from moderation.policy.loader import policy_of, policy_text
from moderation.policy.rules import Fixture, Outcome, Policy
from moderation.selectors.policies import (
    forget_policies,
    parsed,
    policy_version_named,
)
from moderation.states import ACTIVE, DRAFT, POLICY_STATES, RETIRED, SHADOW

MAX_BYTES = 1024 * 1024
MAX_VERSION_LENGTH = 40
SHOWN_FAILURES = 5


class NeedsSecondPerson(Denied):
    """Who proposed a policy does not put it in force."""

    code = "needs_second_person"


class VersionTaken(Conflict):
    """There is a version of this name."""

    code = "version_taken"


class PolicyFailsItsTests(Invalid):
    """The policy says something else than its own tests expect."""

    code = "policy_fails_its_tests"


@dataclass(frozen=True)
class PolicyDocument:
    """The text of a policy and of the word files it names, by name."""

    text: str
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def sha256(self) -> str:
        """Over all of it."""
        whole = json.dumps([self.text, dict(self.files)], sort_keys=True)
        return hashlib.sha256(whole.encode()).hexdigest()

    def policy(self) -> Policy:
        """What it says.  Raises UnableToLoadPolicy."""
        return policy_of(self.text, word_file=self._word_file)

    def _word_file(self, name: str) -> str:
        if name not in self.files:
            raise OSError(name)
        return self.files[name]


def document_at(path: Path) -> PolicyDocument:
    """The policy in the file, with the word files it names.  Raises UnableToLoadPolicy."""
    files: dict[str, str] = {}

    def word_file(name: str) -> str:
        files[name] = (path.parent / name).read_text(encoding="utf-8")
        return files[name]

    text = policy_text(path)
    policy_of(text, word_file=word_file)
    return PolicyDocument(text, files)


def install_policy_file(*, now: datetime) -> PolicyVersion | None:
    """Put the operator's file in force; None when it is, or when people have decided since.

    It leads until two people put another version in force; from then on it is not looked at.
    Raises UnableToLoadPolicy.
    """
    with transaction.atomic():
        active = PolicyVersion.objects.select_for_update().filter(state=ACTIVE).first()
        if active is not None and not active.is_from_file:
            return None
        document = document_at(settings.POLICY_FILE)
        if active is not None and active.sha256 == document.sha256:
            return None
        name = _free_name(document, now=now)
        row = _drafted(document, version=name, is_from_file=True, proposed_at=now)
        if active is not None:
            move(active, states=POLICY_STATES, to=RETIRED, now=now, retired_at=now)
        move(row, states=POLICY_STATES, to=ACTIVE, now=now, activated_at=now)
        _audit("policy.installed", row, actor=OPERATOR)
        transaction.on_commit(forget_policies)
        return row


def propose_policy(
    proposer: User, document: PolicyDocument, *, note: str = "", now: datetime
) -> PolicyVersion:
    """Keep the policy as a draft, for somebody else to put in force.

    Raises Denied, Invalid, UnableToLoadPolicy with the place that is wrong, PolicyFailsItsTests,
    VersionTaken.
    """
    require_role(proposer, Role.MODERATOR)
    if len(document.text.encode()) > MAX_BYTES:
        raise Invalid("A policy has at most 1 MiB.", field="text")
    policy = document.policy()
    if len(policy.version) > MAX_VERSION_LENGTH:
        raise Invalid(f"A version has at most {MAX_VERSION_LENGTH} characters.", field="version")
    _check_tests(policy)
    with transaction.atomic():
        if PolicyVersion.objects.filter(version=policy.version).exists():
            raise VersionTaken(f"There is a version {policy.version}; give this one another name.")
        row = _drafted(
            document,
            version=policy.version,
            proposed_by=proposer,
            note=note.strip(),
            proposed_at=now,
        )
        _audit("policy.proposed", row, actor=proposer)
        return row


def shadow_policy(actor: User, version: str, *, now: datetime) -> PolicyVersion:
    """Try a draft out: it is asked beside the active one, and has no effect on anybody.

    It takes the place of the version that was in shadow, which is a draft again.
    Raises Denied, NotFound, UnableToMove.
    """
    require_role(actor, Role.MODERATOR)
    with transaction.atomic():
        row = policy_version_named(version)
        for other in PolicyVersion.objects.select_for_update().filter(state=SHADOW):
            move(other, states=POLICY_STATES, to=DRAFT, now=now, actor=actor)
        move(row, states=POLICY_STATES, to=SHADOW, now=now, actor=actor, shadowed_at=now)
        _audit("policy.shadowed", row, actor=actor)
        transaction.on_commit(forget_policies)
    return row


def activate_policy(approver: User, version: str, *, now: datetime) -> PolicyVersion:
    """Put a version that somebody else proposed in force, for everything judged from now on.

    Raises Denied, NotFound, NeedsSecondPerson, UnableToLoadPolicy, PolicyFailsItsTests,
    UnableToMove.
    """
    require_role(approver, Role.MODERATOR)
    with transaction.atomic():
        # The active version first, so that two who activate at once do so one after the other.
        active = PolicyVersion.objects.select_for_update().filter(state=ACTIVE).first()
        row = policy_version_named(version)
        if row.proposed_by_id is None or row.proposed_by_id == approver.pk:
            raise NeedsSecondPerson("Somebody else than who proposed a policy puts it in force.")
        _check_tests(parsed(row))
        if active is not None and active.pk != row.pk:
            move(
                active,
                states=POLICY_STATES,
                to=RETIRED,
                now=now,
                actor=approver,
                retired_at=now,
            )
        move(
            row,
            states=POLICY_STATES,
            to=ACTIVE,
            now=now,
            actor=approver,
            approved_by=approver,
            activated_at=now,
        )
        _audit("policy.activated", row, actor=approver)
        transaction.on_commit(forget_policies)
    return row


def retire_policy(actor: User, version: str, *, now: datetime) -> PolicyVersion:
    """Give up a draft, or end its trial.  Raises Denied, NotFound, UnableToMove."""
    require_role(actor, Role.MODERATOR)
    row = policy_version_named(version)
    with transaction.atomic():
        move(
            row,
            states=POLICY_STATES,
            to=RETIRED,
            now=now,
            actor=actor,
            only_if={"activated_at": None},
            retired_at=now,
        )
        _audit("policy.retired", row, actor=actor)
        transaction.on_commit(forget_policies)
    return row


def failures_of(policy: Policy) -> list[tuple[Fixture, Outcome]]:
    """Those of the policy's own tests that fail, each with what it said instead."""
    return screening.fixture_failures(policy)


def file_failures(path: Path) -> tuple[Policy, list[tuple[Fixture, Outcome]]]:
    """The policy in a file and those of its own tests that fail, each with what it said instead.

    Needs no database.  Raises UnableToLoadPolicy.
    """
    policy = document_at(path).policy()
    return policy, screening.fixture_failures(policy)


def _check_tests(policy: Policy) -> None:
    failures = screening.fixture_failures(policy)
    if failures:
        told = "; ".join(
            f"{fixture.prompt!r} should be {fixture.expect} and is {said}"
            for fixture, said in failures[:SHOWN_FAILURES]
        )
        raise PolicyFailsItsTests(f"{len(failures)} of the policy's own tests fail: {told}.")


def _audit(action: str, row: PolicyVersion, *, actor: User | str) -> None:
    payload = {"version": row.version, "sha256": row.sha256}
    append(action, subject="policy", subject_id=row.pk, actor=actor, payload=payload)


def _drafted(document: PolicyDocument, **columns: Any) -> PolicyVersion:
    row = PolicyVersion.objects.create(
        sha256=document.sha256, text=document.text, files=dict(document.files), **columns
    )
    row.events.create(
        from_state="", to_state=DRAFT, actor=row.proposed_by, note=row.note, at=row.proposed_at
    )
    return row


def _free_name(document: PolicyDocument, *, now: datetime) -> str:
    """The version the file names, or that and what tells it from others of the same name."""
    name = document.policy().version[:MAX_VERSION_LENGTH]
    names = [name, f"{name}+{document.sha256[:8]}", f"{name}+{now:%Y%m%d%H%M%S}"]
    taken = set(PolicyVersion.objects.filter(version__in=names).values_list("version", flat=True))
    return next(one for one in names if one not in taken)
