"""A restriction in words: for the person (DSA Art. 17), and for the Transparency Database.

The Transparency Database is the public register of statements of reasons, https://transparency.dsa.ec.europa.eu;
`statement.schema.json` says what it takes.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

SCHEMA_FILE = Path(__file__).with_name("statement.schema.json")

SHORT, LONG, FACTS = 500, 2000, 5000
NO_CATEGORY = "STATEMENT_CATEGORY_OTHER_VIOLATION_TC"
NO_KEYWORD = "KEYWORD_OTHER"


@dataclass(frozen=True)
class Reasons:
    """What a statement says; the words are those of `moderation.models`, times are aware.

    `category_title` is the policy's name of what was found; `facts` must carry no personal data.
    """

    public_id: str
    restriction: str
    category_title: str
    dsa_category: str
    dsa_keyword: str
    policy_url: str
    policy_version: str
    facts: str
    source: str
    automation: str
    is_detected_automatically: bool
    content_created_at: datetime
    created_at: datetime
    limits: frozenset[str] = frozenset()
    until: datetime | None = None
    legal_ground: str = ""
    is_synthetic: bool = False


@dataclass(frozen=True)
class _Effect:
    """What a restriction does: `seen` are visibility terms, `other` the free text for OTHER."""

    title: str
    seen: tuple[str, ...] = ()
    other: str = ""
    provision: str | None = None
    account: str | None = None
    content: str = "CONTENT_TYPE_VIDEO"


_REMOVED = ("DECISION_VISIBILITY_CONTENT_REMOVED",)
_DISABLED = ("DECISION_VISIBILITY_CONTENT_DISABLED",)
_OTHER = ("DECISION_VISIBILITY_OTHER",)
_TEXT = "CONTENT_TYPE_TEXT"

EFFECTS: dict[str, _Effect] = {
    "clip_held": _Effect("Your clip is not shown while a person looks at it", _DISABLED),
    "clip_rejected": _Effect("Your clip was not published", _DISABLED),
    "clip_withdrawn": _Effect("Your clip was taken down", _REMOVED),
    "clip_limited": _Effect("Your clip is shown with limits"),
    "caption_refused": _Effect(
        "Your caption was not accepted", _OTHER, "The caption was not accepted.", content=_TEXT
    ),
    "prompt_refused": _Effect(
        "Your prompt was not accepted",
        _OTHER,
        "The prompt was not accepted, and no video was made of it.",
        content=_TEXT,
    ),
    "picture_refused": _Effect(
        "Your picture was not accepted",
        _OTHER,
        "The picture was not accepted, and no video was made of it.",
        content="CONTENT_TYPE_IMAGE",
    ),
    "comment_refused": _Effect(
        "Your comment was not accepted", _OTHER, "The comment was not posted.", content=_TEXT
    ),
    "comment_removed": _Effect("Your comment was removed", _REMOVED, content=_TEXT),
    "profile_refused": _Effect(
        "Your profile text was not accepted",
        _OTHER,
        "The new profile text was not accepted.",
        content=_TEXT,
    ),
    "profile_removed": _Effect(
        "The words and the picture of your profile were removed", _REMOVED, content=_TEXT
    ),
    "account_paused": _Effect(
        "Your account is paused: you can watch, but not make, post or comment",
        provision="DECISION_PROVISION_PARTIAL_SUSPENSION",
        account="DECISION_ACCOUNT_SUSPENDED",
        content="CONTENT_TYPE_OTHER",
    ),
    "account_terminated": _Effect(
        "Your account was closed",
        provision="DECISION_PROVISION_TOTAL_TERMINATION",
        account="DECISION_ACCOUNT_TERMINATED",
        content="CONTENT_TYPE_OTHER",
    ),
}

LIMITS = {
    "age_gate": (
        "DECISION_VISIBILITY_CONTENT_AGE_RESTRICTED",
        "only people known to be 18 or older see it",
    ),
    "no_recommendation": (
        "DECISION_VISIBILITY_CONTENT_DEMOTED",
        "it is not recommended: it is found on your profile and by its link",
    ),
    "blurred": (
        "DECISION_VISIBILITY_CONTENT_LABELLED",
        "it is blurred until somebody chooses to see it",
    ),
}

SOURCES = {
    "own_initiative": "SOURCE_VOLUNTARY",
    "notice": "SOURCE_ARTICLE_16",
    "trusted_flagger": "SOURCE_TRUSTED_FLAGGER",
    "takedown_request": "SOURCE_TYPE_OTHER_NOTIFICATION",
    "appeal": "SOURCE_ARTICLE_16",
}
IDENTITIES = {"takedown_request": "A request by the depicted person"}

AUTOMATION = {
    "fully": "AUTOMATED_DECISION_FULLY",
    "partially": "AUTOMATED_DECISION_PARTIALLY",
    "not": "AUTOMATED_DECISION_NOT_AUTOMATED",
}


@cache
def statement_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a statement as the Transparency Database takes it."""
    schema: dict[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return schema


def headline(restriction: str) -> str:
    """What happened, in a sentence without an end."""
    return EFFECTS[restriction].title


def limits_in_words(limits: frozenset[str]) -> list[str]:
    """What each limit means for those who would see the clip."""
    return [LIMITS[limit][1] for limit in LIMITS if limit in limits]


def transparency_record(reasons: Reasons) -> dict[str, Any]:
    """The statement in the shape of `statement_schema()`; nothing in it names a person.

    The reason that a person wrote stays with the person it was written for.
    """
    effect = EFFECTS[reasons.restriction]
    record: dict[str, Any] = {
        "puid": reasons.public_id,
        **_decision(reasons, effect),
        **_ground(reasons),
        **_content(reasons, effect),
        "category": reasons.dsa_category or NO_CATEGORY,
        "category_addition": [],
        "category_specification": [reasons.dsa_keyword or NO_KEYWORD],
        "application_date": _day(reasons.created_at),
        "decision_facts": reasons.facts[:FACTS],
        "source_type": SOURCES[reasons.source],
        "automated_detection": "Yes" if reasons.is_detected_automatically else "No",
        "automated_decision": AUTOMATION[reasons.automation],
        "territorial_scope": None,
    }
    if reasons.source in IDENTITIES:
        record["source_identity"] = IDENTITIES[reasons.source]
    return record


def _decision(reasons: Reasons, effect: _Effect) -> dict[str, Any]:
    end = _day(reasons.until) if reasons.until else None
    limited = [LIMITS[limit][0] for limit in LIMITS if limit in reasons.limits]
    seen = list(effect.seen) or limited
    decision: dict[str, Any] = {}
    if seen:
        decision["decision_visibility"] = seen
        decision["end_date_visibility_restriction"] = end
    if effect.other:
        decision["decision_visibility_other"] = effect.other
    if effect.provision:
        decision["decision_provision"] = effect.provision
        decision["end_date_service_restriction"] = end
    if effect.account:
        decision["decision_account"] = effect.account
        decision["end_date_account_restriction"] = end
    return decision


def _ground(reasons: Reasons) -> dict[str, Any]:
    if reasons.legal_ground:
        return {
            "decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT",
            "decision_ground_reference_url": reasons.policy_url,
            "illegal_content_legal_ground": reasons.legal_ground[:SHORT],
            "illegal_content_explanation": reasons.facts[:LONG],
        }
    return {
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "decision_ground_reference_url": reasons.policy_url,
        "incompatible_content_ground": _rule(reasons)[:SHORT],
        "incompatible_content_explanation": reasons.facts[:LONG],
        "incompatible_content_illegal": "No",
    }


def _rule(reasons: Reasons) -> str:
    return f"Policy {reasons.policy_version}: {reasons.category_title}"


def _content(reasons: Reasons, effect: _Effect) -> dict[str, Any]:
    kinds = [effect.content]
    if reasons.is_synthetic and effect.content == "CONTENT_TYPE_VIDEO":
        kinds.append("CONTENT_TYPE_SYNTHETIC_MEDIA")
    content: dict[str, Any] = {
        "content_type": kinds,
        "content_date": _day(reasons.content_created_at),
    }
    if effect.content == "CONTENT_TYPE_OTHER":
        content["content_type_other"] = "An account"
    return content


def _day(at: datetime) -> str:
    return at.astimezone(UTC).date().isoformat()
