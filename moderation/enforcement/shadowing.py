"""What the policy in shadow would have said, beside each verdict of the active one."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction

from moderation.classifiers.lexicon import DETECTOR
from moderation.classifiers.port import Finding
from moderation.enforcement.rulings import Content
from moderation.enforcement.wordlists import lexicon_of
from moderation.models.policies import ShadowVerdict
from moderation.policy.rules import Audience, Policy, Verdict, verdict
from moderation.selectors.policies import ShadowPolicy, shadow_policy

WORDS = "prompt"
"""The stage of a policy that knows no other for words."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Judgement:
    """One content judged by the active policy, with all that the verdict rests on."""

    content: Content
    texts: Mapping[str, str]
    findings: tuple[Finding, ...]
    policy: Policy
    stage: str
    audience: Audience
    verdict: Verdict


def judged(
    content: Content,
    *,
    texts: Mapping[str, str],
    findings: Iterable[Finding],
    policy: Policy,
    stage: str,
    audience: Audience,
) -> Judgement:
    """The judgement of `policy` on `content`."""
    found = tuple(findings)
    said = verdict(found, policy, stage=stage, audience=audience)
    return Judgement(content, texts, found, policy, stage, audience, said)


def note_shadow(judgement: Judgement) -> None:
    """Put on record where the version in shadow, if there is one, says something else.

    It has no effect on people: whatever goes wrong with it is logged and nothing more.
    """
    try:
        shadow = shadow_policy()
        if shadow is not None:
            _note_difference(judgement, shadow)
    except Exception:
        logger.exception("The policy in shadow could not be asked.")


def _note_difference(judgement: Judgement, shadow: ShadowPolicy) -> None:
    said = verdict(
        _findings_for(shadow.policy, judgement),
        shadow.policy,
        stage=judgement.stage if judgement.stage in shadow.policy.stages else WORDS,
        audience=judgement.audience,
    )
    if (said.decision, said.limits) == (judgement.verdict.decision, judgement.verdict.limits):
        return
    content = judgement.content
    with transaction.atomic():
        ShadowVerdict.objects.create(
            policy_id=shadow.id,
            active_version=judgement.policy.version,
            stage=judgement.stage,
            subject=content.subject,
            subject_id=content.subject_id,
            digest=content.digest,
            active_outcome=judgement.verdict.decision,
            shadow_outcome=said.decision,
            active_rules=list(judgement.verdict.rules),
            shadow_rules=list(said.rules),
            categories=list(dict.fromkeys([*said.categories, *judgement.verdict.categories])),
        )


def _findings_for(policy: Policy, judgement: Judgement) -> list[Finding]:
    """The same findings, but for the words, which each policy knows its own of."""
    others = [finding for finding in judgement.findings if finding.detector != DETECTOR]
    return others + lexicon_of(policy).judge(judgement.texts)
