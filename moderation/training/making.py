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
    talk_examples,
    word_examples,
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
TALK_QUIET = ("tweets", "reviews", "ours-talk", "claims", "freshqa", "vbench", "ours-everyday")
SPOKEN = frozenset({"tweets", "reviews"})
NOT_FOR_PROMPTS = SPOKEN | {"ours-talk", "ours-abuse", "ours-words"}
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
TALK_WEIGHTS = {"ours": 0.5, "tweets": 2.0, "ours-words": 0.5, "openai": 6.0, "ours-abuse": 0.3}
RECIPES = {
    "prompt_door": Recipe(CATEGORIES, QUIET, PROMPT_WEIGHTS, has_meaning=False),
    "prompt_screen": Recipe(CATEGORIES, QUIET, PROMPT_WEIGHTS, has_meaning=True),
    "comment_door": Recipe(
        TALK_CATEGORIES,
        TALK_QUIET,
        TALK_WEIGHTS,
        has_meaning=False,
        chat_share=0.8,
        sharpness=4.0,
    ),
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
    examples = all_examples(folder, seed=seed)
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


def all_examples(folder: Path, *, seed: int) -> list[Example]:
    """Every text there is: the sets in `folder`, our own sentences, our talk and its words."""
    public = public_examples(folder)
    talk = [*talk_examples(seed=seed), *(one for one in public if one.source in SPOKEN)]
    own = [*own_examples(seed=seed), *talk_examples(seed=seed)]
    return [*public, *own, *word_examples(talk)]


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
