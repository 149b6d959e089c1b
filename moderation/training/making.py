"""Makes every screen: examples, fitting, figures, files."""

from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

from language.minilm import minilm
from moderation.training.corpus import (
    CATEGORIES,
    UNSORTED,
    Example,
    caption_examples,
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
CAPTION_QUIET = (*TALK_QUIET, "ours-captions")
POSTED = frozenset({"ours-captions", "ours-forbidden"})
NOT_FOR_PROMPTS = SPOKEN | POSTED | {"ours-talk", "ours-abuse", "ours-words"}
NOT_FOR_TALK = POSTED | {"i2p", "advbench", "harmbench", "do-not-answer", "ailuminate"}
NOT_FOR_CAPTIONS = frozenset({"i2p"})
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
CAPTION_WEIGHTS = TALK_WEIGHTS | {"ours-abuse": 0.8}
RECIPES = {
    "prompt_door": Recipe(CATEGORIES, NOT_FOR_PROMPTS, QUIET, PROMPT_WEIGHTS, has_meaning=False),
    "prompt_screen": Recipe(CATEGORIES, NOT_FOR_PROMPTS, QUIET, PROMPT_WEIGHTS, has_meaning=True),
    "comment_door": Recipe(
        TALK_CATEGORIES,
        NOT_FOR_TALK,
        TALK_QUIET,
        TALK_WEIGHTS,
        has_meaning=False,
        chat_share=0.8,
        sharpness=4.0,
    ),
    "caption_screen": Recipe(
        CATEGORIES,
        NOT_FOR_CAPTIONS,
        CAPTION_QUIET,
        CAPTION_WEIGHTS,
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
        data = prepared(_chosen(examples, recipe), recipe, minilm().embed)
        say(f"\n{name}: fitted on one half, asked about the other\n\n{TABLE_HEAD}")
        _say_all(figures(data, recipe, seed=seed), say)
        if is_across:
            say(f"\n{name}: fitted without the source, asked about it\n\n{TABLE_HEAD}")
            _say_all(figures_across(data, recipe, seed=seed), say)
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            save_screen(data, recipe, seed=seed, path=out / f"{name}.npz")


def all_examples(folder: Path, *, seed: int) -> list[Example]:
    """Every text there is: the sets in `folder`, our sentences, talk, words, captions."""
    public = public_examples(folder)
    talk = [*talk_examples(seed=seed), *(one for one in public if one.source in SPOKEN)]
    own = [*own_examples(seed=seed), *talk_examples(seed=seed)]
    return [*public, *own, *word_examples(talk), *caption_examples(seed=seed)]


def _chosen(examples: Iterable[Example], recipe: Recipe) -> list[Example]:
    return [
        example
        for example in examples
        if example.source not in recipe.left_out
        and example.category in {"", UNSORTED, *recipe.categories}
    ]


def _say_all(found: Sequence[Figure], say: Callable[[str], object]) -> None:
    for figure in found:
        kind = "harmful" if figure.is_harmful else "harmless"
        say(f"| {figure.source} | {kind} | {figure.count:,} | {figure.flagged:.1%} |")
