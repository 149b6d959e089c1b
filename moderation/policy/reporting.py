"""What people can report, in plain words, and when a report alone takes a clip from view."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from math import sqrt

HOLD_WITHIN = timedelta(hours=24)
HOLD_WEIGHT = 3.0
HOLD_SEVERITY = 4
LEAST_BELIEVED = 0.5
TAKEDOWN_WITHIN = timedelta(hours=48)

WARN_AFTER, SUSPEND_AFTER = 3, 5
SUSPENSION = timedelta(days=30)


@dataclass(frozen=True)
class Reportable:
    """One thing people report: in their words, the DSA's and the policy's (empty: none).

    Who reports what `is_exempt` need not give a name: DSA Art. 16(2)(c).
    """

    name: str
    title: str
    dsa_category: str
    policy_category: str
    severity: int
    is_exempt: bool = False


REPORTABLES = {
    one.name: one
    for one in (
        Reportable(
            "child_abuse",
            "A child is shown or described in a sexual way",
            "STATEMENT_CATEGORY_PROTECTION_OF_MINORS",
            "sexual_minors",
            4,
            is_exempt=True,
        ),
        Reportable(
            "intimate",
            "An intimate picture of somebody who did not agree, real or made by a machine",
            "STATEMENT_CATEGORY_CYBER_VIOLENCE",
            "likeness",
            4,
        ),
        Reportable(
            "terrorism",
            "Praise of terrorism, or how to make weapons",
            "STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY",
            "terrorism",
            4,
        ),
        Reportable(
            "minors",
            "Something else that endangers minors",
            "STATEMENT_CATEGORY_PROTECTION_OF_MINORS",
            "",
            3,
        ),
        Reportable(
            "hate",
            "Hate or a call for violence",
            "STATEMENT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH",
            "hate",
            3,
        ),
        Reportable(
            "harassment",
            "Threats, bullying or stalking",
            "STATEMENT_CATEGORY_CYBER_VIOLENCE",
            "harassment",
            3,
        ),
        Reportable(
            "self_harm",
            "Suicide or self-harm is shown or encouraged",
            "STATEMENT_CATEGORY_SELF_HARM",
            "self_harm",
            3,
        ),
        Reportable(
            "likeness",
            "It pretends to show a real person or event",
            "STATEMENT_CATEGORY_NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE_OR_ELECTIONS",
            "likeness",
            2,
        ),
        Reportable("violence", "Graphic violence", "STATEMENT_CATEGORY_VIOLENCE", "gore", 2),
        Reportable(
            "sexual", "Sexual content", "STATEMENT_CATEGORY_OTHER_VIOLATION_TC", "sexual", 2
        ),
        Reportable("animals", "Cruelty to animals", "STATEMENT_CATEGORY_ANIMAL_WELFARE", "", 2),
        Reportable(
            "privacy",
            "It shows or tells something private about me",
            "STATEMENT_CATEGORY_DATA_PROTECTION_AND_PRIVACY_VIOLATIONS",
            "",
            2,
        ),
        Reportable("scam", "Fraud or a scam", "STATEMENT_CATEGORY_SCAMS_AND_FRAUD", "", 2),
        Reportable(
            "goods",
            "Forbidden or dangerous goods",
            "STATEMENT_CATEGORY_UNSAFE_AND_PROHIBITED_PRODUCTS",
            "",
            2,
        ),
        Reportable(
            "rights",
            "It uses my work, brand or design without leave",
            "STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS",
            "",
            1,
        ),
        Reportable(
            "consumers",
            "It hides that it is advertising, or misleads buyers",
            "STATEMENT_CATEGORY_CONSUMER_INFORMATION",
            "",
            1,
        ),
        Reportable(
            "other",
            "Something else that is against the law or the rules",
            "STATEMENT_CATEGORY_OTHER_VIOLATION_TC",
            "",
            1,
        ),
    )
}
TAKEDOWN = REPORTABLES["intimate"]


def is_held_at_once(
    severity: int, weights: Iterable[float], *, view_count: int, is_cleared: bool
) -> bool:
    """Whether a clip leaves the public at once, until a person has judged it.

    `weights` are those of everybody who reported it within HOLD_WITHIN, the newest last.  The
    gravest reports do so alone, from anybody who is half believed; others when enough come
    together, and the more people have seen the clip, the more it takes.  Never once a person has
    looked at this very file and let it stand (`is_cleared`): nobody reports a clip away twice.
    """
    given = list(weights)
    if is_cleared or not given:
        return False
    if severity >= HOLD_SEVERITY and given[-1] >= LEAST_BELIEVED:
        return True
    return sum(given) >= HOLD_WEIGHT + sqrt(max(view_count, 0)) / 10
