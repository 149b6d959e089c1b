"""Makes every screen: examples, fitting, figures, files."""

from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

from language.minilm import minilm
from moderation.training.corpus import (
    CATEGORIES,
    UNSORTED,
    Example,
    own_examples,
    public_examples,
)
from moderation.training.fitting import (
    Figure,
    Recipe,
    figures,
    figures_across,
    prepared,
    save_screen,
)

QUIET = ("parti", "vbench", "vbench2", "ours-everyday", "claims", "freshqa")
TALK_QUIET = ("claims", "freshqa", "persistbench", "vbench", "ours-everyday")
NOT_FOR_PROMPTS = frozenset({"real-toxicity"})
NOT_FOR_TALK = frozenset({"i2p", "advbench", "harmbench", "do-not-answer", "ailuminate"})
TALK_CATEGORIES = (
    "sexual_minors",
    "sexual",
    "gore",
    "hate",
    "harassment",
    "self_harm",
    "terrorism",
)
PROMPT_WEIGHTS = {"ours-look-alikes": 2.0, "parti": 4.0}
RECIPES = {
    "prompt_door": Recipe(CATEGORIES, QUIET, PROMPT_WEIGHTS, has_meaning=False),
    "prompt_screen": Recipe(CATEGORIES, QUIET, PROMPT_WEIGHTS, has_meaning=True),
    "comment_door": Recipe(TALK_CATEGORIES, TALK_QUIET, {"ours": 0.5}, has_meaning=False),
}

TABLE_HEAD = "| source | texts | N | flagged |\n| :-- | :-- | --: | --: |"


def make_screens(
    folder: Path,
    *,
    out: Path | None,
    seed: int,
    only: Collection[str],
    is_across: bool,
    say: Callable[[str], object],
) -> None:
    """Fit the screens named in `only` on the sets in `folder`; write them to `out`, if given."""
    examples = [*public_examples(folder), *own_examples(seed=seed)]
    for name in only:
        recipe = RECIPES[name]
        chosen = _for_talk(examples) if name.startswith("comment") else _for_prompts(examples)
        data = prepared(chosen, recipe, minilm().embed)
        say(f"\n{name}: fitted on one half, asked about the other\n\n{TABLE_HEAD}")
        _say_all(figures(data, recipe, seed=seed), say)
        if is_across:
            say(f"\n{name}: fitted without the source, asked about it\n\n{TABLE_HEAD}")
            _say_all(figures_across(data, recipe, seed=seed), say)
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            save_screen(data, recipe, seed=seed, path=out / f"{name}.npz")


def _for_prompts(examples: Iterable[Example]) -> list[Example]:
    return [example for example in examples if example.source not in NOT_FOR_PROMPTS]


def _for_talk(examples: Iterable[Example]) -> list[Example]:
    """What is said among people, in the categories that words alone can hurt by."""
    return [
        example
        for example in examples
        if example.source not in NOT_FOR_TALK
        and example.category in {"", UNSORTED, *TALK_CATEGORIES}
    ]


def _say_all(found: Sequence[Figure], say: Callable[[str], object]) -> None:
    for figure in found:
        kind = "harmful" if figure.is_harmful else "harmless"
        say(f"| {figure.source} | {kind} | {figure.count:,} | {figure.flagged:.1%} |")
