"""Adapters for guards that run elsewhere: a moderation endpoint, and a language model as a guard.

Both speak the OpenAI-compatible shapes that vLLM, llama.cpp, Ollama and hosted services offer.  Who
runs Reverie names the address, so it is trusted; redirects are not followed all the same, answers
are cut at 256 kB, and neither the key nor the words are ever part of an error.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic, perf_counter
from typing import Any

import httpx2

from common.errors import Unavailable
from moderation.classifiers.port import Finding

LARGEST_ANSWER_BYTES = 1 << 18
CONTROVERSIAL = 0.6
MOST_ANSWER_TOKENS = 40
CATEGORIES = (
    "sexual_minors",
    "sexual",
    "gore",
    "hate",
    "harassment",
    "self_harm",
    "weapons",
    "terrorism",
    "likeness",
    "deception",
    "illicit",
)
OPENAI_CATEGORIES = {
    "sexual": "sexual",
    "sexual/minors": "sexual_minors",
    "violence": "gore",
    "violence/graphic": "gore",
    "hate": "hate",
    "hate/threatening": "hate",
    "harassment": "harassment",
    "harassment/threatening": "harassment",
    "self-harm": "self_harm",
    "self-harm/intent": "self_harm",
    "self-harm/instructions": "self_harm",
    "illicit": "illicit",
    "illicit/violent": "weapons",
}
# MLCommons hazards as Llama Guard 3 and 4 number them; "" is not against our policy.
HAZARDS = {
    "s1": "gore",
    "s2": "illicit",
    "s3": "sexual",
    "s4": "sexual_minors",
    "s5": "likeness",
    "s6": "",
    "s7": "harassment",
    "s8": "",
    "s9": "weapons",
    "s10": "hate",
    "s11": "self_harm",
    "s12": "sexual",
    "s13": "deception",
    "s14": "illicit",
}
# The categories of Qwen3Guard.
TOPICS = {
    "violent": "gore",
    "non-violent illegal acts": "illicit",
    "sexual content or sexual acts": "sexual",
    "pii": "harassment",
    "suicide & self-harm": "self_harm",
    "unethical acts": "harassment",
    "politically sensitive topics": "deception",
    "copyright violation": "",
    "jailbreak": "illicit",
    "none": "",
}
LLAMA = re.compile(r"(?is)\A\s*(safe|unsafe)\b\s*([^\n]*)\s*\Z")
QWEN = re.compile(r"(?is)safety:\s*(safe|unsafe|controversial)\b(?:.*?categories:\s*([^\n]*))?")


class UnableToAskGuard(Unavailable):
    """The guard did not answer in time, or its answer makes no sense."""


@dataclass(frozen=True)
class Guard:
    """Where a guard answers; `address` is the base, as `https://guard.example/v1`."""

    address: str
    model: str
    key: str = field(default="", repr=False)
    timeout_seconds: float = 5.0

    def ask(self, path: str, question: Mapping[str, Any]) -> Any:
        """The JSON answer to the JSON question.  Raises UnableToAskGuard."""
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        deadline = monotonic() + self.timeout_seconds
        try:
            with (
                httpx2.Client(timeout=self.timeout_seconds, follow_redirects=False) as client,
                client.stream(
                    "POST", f"{self.address.rstrip('/')}{path}", json=question, headers=headers
                ) as answer,
            ):
                if answer.status_code != httpx2.codes.OK:
                    raise UnableToAskGuard(f"The guard answered {answer.status_code}.")
                return json.loads(_read(answer, deadline))
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
            raise UnableToAskGuard(f"The guard gave no answer: {type(error).__name__}.") from None


class ModerationEndpoint:
    """A TextDetector that asks `POST {address}/moderations`."""

    detector = "moderation_endpoint"

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    def judge(self, texts: Mapping[str, str]) -> list[Finding]:
        """The highest score of all fields for each category.  Raises UnableToAskGuard."""
        start = perf_counter()
        fields = {name: text for name, text in texts.items() if text.strip()}
        question = {"model": self._guard.model, "input": list(fields.values())}
        scores: dict[str, float] = dict.fromkeys(CATEGORIES, 0.0)
        if fields:
            answer = self._guard.ask("/moderations", question)
            for category, score in _endpoint_scores(answer, count=len(fields)):
                scores[category] = max(scores[category], score)
        return _findings(self.detector, self._guard.model, scores, start)


class GuardModel:
    """A TextDetector that asks a guard model through `POST {address}/chat/completions`.

    It reads the answers of Llama Guard (`unsafe`, then `S1,S10`) and of Qwen3Guard (`Safety:
    Unsafe`, `Categories: Violent`); the model's own chat template puts the question.
    """

    detector = "guard_model"

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    def judge(self, texts: Mapping[str, str]) -> list[Finding]:
        """1 for what the guard calls unsafe, 0.6 for controversial.  Raises UnableToAskGuard."""
        start = perf_counter()
        scores: dict[str, float] = dict.fromkeys(CATEGORIES, 0.0)
        for text in filter(str.strip, texts.values()):
            for category, score in read_verdict(self._verdict(text)).items():
                scores[category] = max(scores[category], score)
        return _findings(self.detector, self._guard.model, scores, start)

    def _verdict(self, text: str) -> str:
        question = {
            "model": self._guard.model,
            "messages": [{"role": "user", "content": text}],
            "temperature": 0,
            "max_tokens": MOST_ANSWER_TOKENS,
        }
        answer = self._guard.ask("/chat/completions", question)
        try:
            return str(answer["choices"][0]["message"]["content"])
        except (KeyError, IndexError, TypeError):
            raise UnableToAskGuard("The guard's answer makes no sense.") from None


def read_verdict(answer: str) -> dict[str, float]:
    """Category -> score in a guard model's answer.  Raises UnableToAskGuard when it is neither."""
    if found := QWEN.search(answer):
        names = TOPICS
    elif found := LLAMA.match(answer.replace("\n", " ")):
        names = HAZARDS
    else:
        raise UnableToAskGuard("The guard's answer makes no sense.")
    word, listed = found[1].lower(), (found[2] or "").lower()
    if word == "safe":
        return {}
    given = [name.strip() for name in listed.split(",") if name.strip()]
    if not given or not names.keys() >= set(given):
        raise UnableToAskGuard("The guard names a category that is not known here.")
    score = CONTROVERSIAL if word == "controversial" else 1.0
    return {names[name]: score for name in given if names[name]}


def _read(answer: httpx2.Response, deadline: float) -> bytes:
    body = bytearray()
    for chunk in answer.iter_bytes():
        body += chunk
        if len(body) > LARGEST_ANSWER_BYTES or monotonic() > deadline:
            raise UnableToAskGuard("The guard's answer is too long or too slow.")
    return bytes(body)


def _endpoint_scores(answer: Any, *, count: int) -> list[tuple[str, float]]:
    """(our category, score) of every result; what is flagged counts 1 whatever its score."""
    try:
        results = answer["results"]
        if len(results) != count:
            raise UnableToAskGuard("The guard did not answer for every text.")
        return [
            (OPENAI_CATEGORIES[name], 1.0 if result["categories"].get(name) else float(score))
            for result in results
            for name, score in result["category_scores"].items()
            if name in OPENAI_CATEGORIES
        ]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise UnableToAskGuard("The guard's answer makes no sense.") from None


def _findings(
    detector: str, version: str, scores: Mapping[str, float], start: float
) -> list[Finding]:
    milliseconds = (perf_counter() - start) * 1000
    return [
        Finding(detector, version, category, score, latency_milliseconds=milliseconds)
        for category, score in scores.items()
    ]
