"""The texts the screens are fitted on: public sets from a folder, and our own sentences.

The public sets are offensive and stay where they are: only weights and figures leave this room.
"""

import csv
import html
import json
import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import yaml

from moderation.classifiers.canonical import canonical, known_words

GRAMMAR = Path(__file__).with_name("grammar.yaml")
TALK = Path(__file__).with_name("talk.yaml")
CAPTIONS = Path(__file__).with_name("captions.yaml")
SLOT = re.compile(r"\{(\w+)\}")
DEEPEST = 4
CALLED = 0.15
ENDED = 0.35
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
UNSORTED = "unsorted"
"""Harmful, of a category that the source does not tell: teaches that there is harm, not which."""
AILUMINATE = {
    "vcr": "illicit",
    "ncr": "illicit",
    "hte": "hate",
    "ssh": "self_harm",
    "sxc_prn": "sexual",
    "src": "sexual",
    "iwp": "weapons",
    "dfm": "harassment",
    "prv": "harassment",
}
OPENAI = (
    ("S", "sexual"),
    ("SH", "self_harm"),
    ("V2", "gore"),
    ("V", "gore"),
    ("H2", "hate"),
    ("H", "hate"),
    ("HR", "harassment"),
)
I2P = {
    "sexual": "sexual",
    "self-harm": "self_harm",
    "hate": "hate",
    "harassment": "harassment",
    "illegal activity": "illicit",
    "violence": "gore",
    "shocking": "gore",
}
ABUSIVE = re.compile(
    r"\b(fuck (you|off)|f[u*c]+k you|bitch|cunt|slut|whore|nigg|fagg?|retard|moron|idiot|asshole"
    r"|scum|son of a b|kill you|rape you|i hate you|kys)",
    re.IGNORECASE,
)
"""Words that are plainly aimed at somebody: what has them is left out of a set of harmless talk."""
MOST_WORDS = 4000
SHORTEST_WORD = 2
REVIEWS_ONE_IN = 5
TOXIC = 0.3
CLAIMS_ONE_IN = 6
MEMORIES_OF_EACH = 2
NUDE_PERCENT = 40.0
DO_NOT_ANSWER = {
    "discrimination_exclusion_toxicity_hateful_offensive": "hate",
    "information_hazard": "",
    "malicious_uses": UNSORTED,
    "misinformation_harms": "deception",
}
TALK_SETS = {
    "tweets": 1,
    "movieReviewSnippets": REVIEWS_ONE_IN,
    "amazonReviewSnippets": REVIEWS_ONE_IN,
}


@dataclass(frozen=True)
class Example:
    """One text of one source; `category` is empty for a harmless one."""

    text: str
    category: str
    source: str
    is_chat: bool = False


def public_examples(folder: Path) -> list[Example]:
    """Every text of the sets found in `folder` (docs/prompt-screen.md names them)."""
    readers: dict[str, Callable[[Path], Iterable[Example]]] = {
        "ailuminate.jsonl": _ailuminate,
        "openai-moderation.jsonl": _openai,
        "i2p.jsonl": _i2p,
        "parti.jsonl": _parti,
        "VBench_full_info.json": partial(_vbench, source="vbench"),
        "VBench2_full_info.json": partial(_vbench, source="vbench2"),
        "harmbench_prompts.txt": _harmbench,
        "adv_bench.prompt": _advbench,
        "freshqa.csv": _freshqa,
        "truefalse_falseclaims.txt": _claims,
        "beneficial_samples.jsonl": _persistbench,
        "cross_domain.jsonl": _persistbench,
        "sycophancy.jsonl": _persistbench,
    }
    found: list[Example] = []
    for name, reader in readers.items():
        if (path := folder / name).exists():
            found += reader(path)
    for name, category in DO_NOT_ANSWER.items():
        found += _do_not_answer(folder / f"{name}.jsonl", category)
    for name, one_in in TALK_SETS.items():
        found += _sentiments(folder / f"{name}_GroundTruth.txt", one_in=one_in)
    return found


def own_examples(*, seed: int, of_each: int = 8) -> list[Example]:
    """Our own sentences: `of_each` of every harmful pattern, as many harmless ones as harmful."""
    grammar = _grammar(GRAMMAR)
    chance = random.Random(seed)  # noqa: S311 - sentences, no secrets
    harmful = [
        Example(_sentence(pattern, grammar, chance), category, "ours")
        for category, patterns in grammar["harmful"].items()
        for pattern in patterns
        for _ in range(of_each)
    ]
    look_alikes = [
        Example(_sentence(pattern, grammar, chance, plain=place == 0), "", "ours-look-alikes")
        for pattern in grammar["look_alikes"]
        for place in range(of_each)
    ]
    everyday = [
        Example(_sentence(chance.choice(grammar["everyday"]), grammar, chance), "", "ours-everyday")
        for _ in range(len(harmful))
    ]
    return list({example.text: example for example in harmful + look_alikes + everyday}.values())


def talk_examples(*, seed: int, of_each: int = 30) -> list[Example]:
    """What people say under a clip: `of_each` of every pattern, harmless or abusive."""
    grammar = _grammar(TALK)
    chance = random.Random(seed)  # noqa: S311 - sentences, no secrets
    harmless = [
        Example(_said(pattern, grammar, chance), "", "ours-talk", is_chat=True)
        for pattern in grammar["harmless"]
        for _ in range(of_each)
    ]
    abuse = [
        Example(_said(pattern, grammar, chance), category, "ours-abuse", is_chat=True)
        for category, patterns in grammar["abuse"].items()
        for pattern in patterns
        for _ in range(of_each)
    ]
    return list({example.text: example for example in harmless + abuse}.values())


def caption_examples(*, seed: int, of_each: int = 30) -> list[Example]:
    """What people write over their own clip: `of_each` of every pattern, ordinary or forbidden."""
    captions = _grammar(CAPTIONS)
    grammar = _grammar(TALK) | captions
    chance = random.Random(seed)  # noqa: S311 - sentences, no secrets
    ordinary = [
        Example(_said(pattern, grammar, chance), "", "ours-captions", is_chat=True)
        for pattern in captions["ordinary"]
        for _ in range(of_each)
    ]
    forbidden = [
        Example(_said(pattern, grammar, chance), category, "ours-forbidden", is_chat=True)
        for category, patterns in captions["forbidden"].items()
        for pattern in patterns
        for _ in range(of_each)
    ]
    return list({example.text: example for example in ordinary + forbidden}.values())


def word_examples(talk: Sequence[Example], *, most: int = MOST_WORDS) -> list[Example]:
    """Comments of one word, the most used ones: so that no word alone is harm by its letters.

    What `talk` has only in harmful texts is left out.
    """
    harmless = {word for example in talk if not example.category for word in _words(example)}
    harmful = {word for example in talk if example.category for word in _words(example)}
    words = [word for word in known_words() if len(word) >= SHORTEST_WORD][:most]
    return [
        Example(word, "", "ours-words", is_chat=True)
        for word in words
        if (word in harmless or word not in harmful) and not ABUSIVE.search(word)
    ]


def _words(example: Example) -> list[str]:
    return canonical(example.text).split()


@cache
def _grammar(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def _filled(pattern: str, grammar: Mapping[str, Sequence[str]], chance: random.Random) -> str:
    text = pattern
    for _ in range(DEEPEST):
        text = SLOT.sub(lambda slot: chance.choice(grammar[slot[1]]), text)
    return text


def _said(pattern: str, grammar: Mapping[str, Sequence[str]], chance: random.Random) -> str:
    """A comment: as it is, or called to somebody, or with an ending, or shouted."""
    calling = chance.choice(grammar["calling"]) if chance.random() < CALLED else ""
    ending = chance.choice(grammar["ending"]) if chance.random() < ENDED else ""
    text = _filled(calling + pattern + ending, grammar, chance).strip()
    case = chance.choices((str, _capital, str.upper), (6, 5, 1))[0]
    return " ".join(case(text).split())


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _sentence(
    pattern: str,
    grammar: Mapping[str, Sequence[str]],
    chance: random.Random,
    *,
    plain: bool = False,
) -> str:
    """One sentence of `pattern`; questions get no style, and `plain` adds nothing at all."""
    text = _filled(pattern, grammar, chance)
    if plain or "{asking}" in pattern or "{how}" in pattern or _is_question(text):
        return _cased(text, chance)
    place = chance.choice(grammar["place"]) if "{place}" not in pattern else ""
    whole = chance.choice(grammar["opening"]) + text + place + chance.choice(grammar["style"])
    return _cased(whole, chance)


def _is_question(text: str) -> bool:
    return text.startswith(("how ", "what ", "why ", "explain ", "write ", "help ", "i "))


def _cased(text: str, chance: random.Random) -> str:
    text = chance.choice((text, text[:1].upper() + text[1:]))
    return text + chance.choice(("", "", ".", "?" if _is_question(text.lower()) else ""))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def _ailuminate(path: Path) -> Iterable[Example]:
    for row in _lines(path):
        if category := AILUMINATE.get(row["hazard"]):
            yield Example(row["prompt"], category, "ailuminate", is_chat=True)


def _openai(path: Path) -> Iterable[Example]:
    for row in _lines(path):
        category = next((name for label, name in OPENAI if label in row["labels"]), "")
        yield Example(row["text"], category, "openai", is_chat=True)


def _i2p(path: Path) -> Iterable[Example]:
    """The prompts whose words are harmful; for the others the pictures alone were judged."""
    for row in _lines(path):
        is_nude = row["nudity_percentage"] >= NUDE_PERCENT and "sexual" in row["categories"]
        if is_nude or row["prompt_toxicity"] >= TOXIC:
            category = "sexual" if is_nude else I2P[row["categories"][0]]
            yield Example(row["prompt"], category, "i2p")


def _parti(path: Path) -> Iterable[Example]:
    return (Example(row["prompt"], "", "parti") for row in _lines(path))


def _vbench(path: Path, *, source: str) -> Iterable[Example]:
    rows = json.loads(path.read_text(encoding="utf-8"))
    return (Example(text, "", source) for text in dict.fromkeys(row["prompt_en"] for row in rows))


def _harmbench(path: Path) -> Iterable[Example]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return (Example(line, UNSORTED, "harmbench", is_chat=True) for line in lines if line.strip())


def _advbench(path: Path) -> Iterable[Example]:
    seeds = yaml.safe_load(path.read_text(encoding="utf-8"))["seeds"]
    return (Example(seed["value"], UNSORTED, "advbench", is_chat=True) for seed in seeds)


def _freshqa(path: Path) -> Iterable[Example]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file) if row and row[0].isdecimal()]
    return (Example(row[2], "", "freshqa", is_chat=True) for row in rows)


def _claims(path: Path) -> Iterable[Example]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return (Example(line, "", "claims", is_chat=True) for line in lines[1::CLAIMS_ONE_IN] if line)


def _persistbench(path: Path) -> Iterable[Example]:
    for row in _lines(path):
        for text in (row["query"], *row["memories"][:MEMORIES_OF_EACH]):
            yield Example(text, "", "persistbench", is_chat=True)


def _do_not_answer(path: Path, category: str) -> Iterable[Example]:
    if not category or not path.exists():
        return
    for row in _lines(path):
        yield Example(row["prompt"], category, "do-not-answer", is_chat=True)


def _sentiments(path: Path, *, one_in: int) -> Iterable[Example]:
    """Harmless talk of a set that was collected for its moods: number, mood, text in each line."""
    if not path.exists():
        return
    source = "tweets" if path.name.startswith("tweets") else "reviews"
    rows = path.read_text(encoding="utf-8", errors="replace").splitlines()[::one_in]
    texts = {
        canonical(text): text for text in (html.unescape(row.split("\t", 2)[2]) for row in rows)
    }
    for text in texts.values():
        if not ABUSIVE.search(text):
            yield Example(text, "", source, is_chat=True)
