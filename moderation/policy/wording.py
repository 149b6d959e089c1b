"""What people are told: what happened, why, and what they can do next."""

from moderation.policy.rules import Outcome, Verdict

_PICTURE = (
    "This picture was not accepted. {reason} Nothing was made. Begin with another picture, or with "
    "none."
)
_SENTENCES = {
    ("prompt", Outcome.BLOCK): (
        "This prompt was not accepted. {reason} Change the words and try again."
    ),
    ("render", Outcome.BLOCK): (
        "This prompt was not accepted. {reason} Nothing was made. Change the words and try again."
    ),
    ("render", Outcome.REVIEW): (
        "This video was made, but a person will look at it before others see it. {reason}"
    ),
    ("render", Outcome.LIMIT): (
        "This video was made, but it will not be shown like any other. {reason}"
    ),
    ("prompt", Outcome.REVIEW): (
        "You can make this video, but a person will look at it before others see it. {reason}"
    ),
    ("prompt", Outcome.LIMIT): (
        "You can make this video, but it will not be shown like any other. {reason}"
    ),
    ("picture", Outcome.BLOCK): _PICTURE,
    ("picture", Outcome.REVIEW): _PICTURE,
    ("clip", Outcome.LIMIT): ("This clip is shown, but not like any other. {reason}"),
    ("clip", Outcome.BLOCK): (
        "This clip was not published. {reason} You can delete it and make another one without that."
    ),
    ("clip", Outcome.REVIEW): (
        "A person will look at this clip before it is shown. {reason} You need not do anything: "
        "the result will stand here."
    ),
}
_ANY_TEXT = "This text was not accepted. {reason} Say it in other words."


def message(verdict: Verdict, *, stage: str) -> str:
    """The whole message for the person; empty when all is well."""
    if verdict.decision is Outcome.ALLOW:
        return ""
    sentence = _SENTENCES.get((stage, verdict.decision), _ANY_TEXT)
    return " ".join(sentence.format(reason=verdict.reason).split())
