"""The shipped model: loads, stops, refuses, and does as words, pictures and boxes say."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from generation.motion import BoxTrack, Keyframe, MotionSpec
from generation.small import evaluation, vocabulary, world
from generation.small.layers import Layers
from generation.small.page import vocabulary_page
from generation.small.pipeline import ReverieSmallPipeline
from generation.small.reading import SceneReader, visible_boxes
from generation.small.tracks import MOMENTS

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "generation" / "small" / "weights" / "reverie-small-2"
SPRITES = Path(__file__).parent / "sprites"
# The few objects whose sprites the tests carry along.
THINGS = ("cat", "apple", "rocket", "frog", "fish", "star", "car", "penguin", "pizza", "tree",
          "ghost", "bee")  # fmt: skip
MOST_BYTES = 40_000_000
PROMPT = "a red apple jumping on a beach"


@pytest.fixture(scope="module")
def pipeline() -> ReverieSmallPipeline:
    loaded: ReverieSmallPipeline = ReverieSmallPipeline.from_pretrained(FOLDER)
    loaded.set_progress_bar_config(disable=True)
    return loaded


@pytest.fixture(scope="module")
def bank() -> world.Bank:
    return world.make_bank(SPRITES, seed=7, painted=30, names=THINGS)


def _made(pipeline: ReverieSmallPipeline, seed: int = 3, **options: Any) -> Any:
    asked = {
        "prompt": PROMPT, "num_inference_steps": 2, "width": 90, "height": 160, "num_frames": 12,
        **options,
    }  # fmt: skip
    return pipeline(generator=torch.Generator().manual_seed(seed), **asked)


def test_a_clip_is_portrait_four_seconds_long_and_of_floats_between_zero_and_one(
    pipeline: ReverieSmallPipeline,
) -> None:
    frames = pipeline(PROMPT, num_inference_steps=1).frames

    assert frames.shape == (1, 48, 640, 360, 3)
    assert frames.dtype == np.float32
    assert 0 <= frames.min() < frames.max() <= 1


def test_the_same_seed_gives_the_same_frames_and_another_seed_others(
    pipeline: ReverieSmallPipeline,
) -> None:
    first = _made(pipeline).frames

    assert np.array_equal(first, _made(pipeline).frames)
    assert not np.array_equal(first, _made(pipeline, seed=4).frames)


def test_each_clip_of_a_batch_has_its_own_seed(pipeline: ReverieSmallPipeline) -> None:
    seeds = [torch.Generator().manual_seed(seed) for seed in (3, 4)]

    both = pipeline(
        [PROMPT, PROMPT],
        num_inference_steps=2,
        width=90,
        height=160,
        num_frames=12,
        generator=seeds,
    ).frames

    assert np.array_equal(both[0], _made(pipeline).frames[0])
    assert np.array_equal(both[1], _made(pipeline, seed=4).frames[0])


def test_an_exception_in_the_callback_stops_at_once_and_leaves_the_pipeline_usable(
    pipeline: ReverieSmallPipeline,
) -> None:
    before = _made(pipeline).frames
    seen: list[int] = []

    def stop(_pipe: Any, index: int, _time: Any, _tensors: Any) -> dict[str, Any]:
        seen.append(index)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _made(pipeline, num_inference_steps=8, callback_on_step_end=stop)

    assert seen == [0]
    assert np.array_equal(before, _made(pipeline).frames)


def test_the_callback_sees_every_step_and_may_change_the_latents(
    pipeline: ReverieSmallPipeline,
) -> None:
    seen: list[int] = []

    def empty(_pipe: Any, index: int, _time: Any, tensors: Any) -> dict[str, Any]:
        seen.append(index)
        return {"latents": torch.zeros_like(tensors["latents"])} if index == 1 else tensors

    frames = _made(pipeline, callback_on_step_end=empty).frames

    assert seen == [0, 1]
    assert not np.array_equal(frames, _made(pipeline).frames)


@pytest.mark.parametrize(
    "wrong",
    [
        {"height": 0},
        {"width": 4000, "height": 4000},
        {"num_frames": 0},
        {"num_frames": 100_000},
        {"num_inference_steps": 0},
        {"output_type": "pil"},
        {"generator": [torch.Generator()] * 2},
        {"negative_prompt": ["blurred", "dark"]},
        {"callback_on_step_end_tensor_inputs": ["attention"]},
        {"image": Image.new("RGB", (90, 160)), "video": [Image.new("RGB", (90, 160))]},
    ],
)
def test_what_the_model_does_not_make_is_refused(
    pipeline: ReverieSmallPipeline, wrong: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        pipeline(PROMPT, **wrong)


@pytest.fixture(scope="module")
def figures(pipeline: ReverieSmallPipeline, bank: world.Bank) -> dict[str, Any]:
    """Figures of the evaluation, on a few clips of the objects the tests carry along."""
    setup = evaluation.Setup(pipeline, bank, steps=8, count=12, seed=11)
    found: dict[str, Any] = {}
    for name in ("reader", "combinations kept", "boxes", "first frame", "seam", "flicker"):
        found |= evaluation.evaluated(setup, only=name, said=lambda _line: None)
    return found


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_clips_of_combinations_it_never_saw_show_what_prompts_say(figures: dict[str, Any]) -> None:
    ruler = figures["reader on rendered clips"]
    read = figures["prompts, combinations kept from training"]

    assert min(ruler["object"], ruler["place"], ruler["motion"]) >= 0.8
    assert read["object"] >= 0.8
    assert read["place"] >= 0.9
    assert read["motion"] >= 0.6
    assert read["n"] == 12


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_boxes_are_met_and_without_them_are_not(figures: dict[str, Any]) -> None:
    boxes = figures["boxes"]

    assert boxes["iou"] >= 0.6 > boxes["iou_without"]
    assert boxes["centre_error_ratio"] <= 0.35


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_pictures_are_kept_and_seams_are_not_seen(figures: dict[str, Any]) -> None:
    assert figures["first frame kept"]["psnr_median"] >= 26
    assert figures["seam of an extension"]["median"] <= 1.6
    assert figures["flicker outside the objects"]["mean"] <= 0.001


def test_a_clip_begins_with_any_picture(pipeline: ReverieSmallPipeline) -> None:
    rng = np.random.default_rng(3)
    coarse = rng.integers(0, 255, (10, 6, 3), dtype=np.uint8)
    photograph = Image.fromarray(coarse).resize((90, 160), Image.Resampling.BICUBIC)

    frames = _made(pipeline, image=photograph).frames[0]

    off = np.abs(frames[0] - np.asarray(photograph) / 255)
    assert off.mean() < 0.02
    assert not np.array_equal(frames[0], frames[-1])


def test_a_drawn_box_is_met_by_what_is_seen_and_a_soft_one_is_a_wish(
    pipeline: ReverieSmallPipeline,
) -> None:
    keys = (Keyframe(0, 0.1, 0.2, 0.4, 0.37), Keyframe(1, 0.6, 0.7, 0.9, 0.87))

    def off(spec: MotionSpec) -> float:
        actor = _made(pipeline, motion=spec).layers[0].actors[0]
        box = visible_boxes(actor, moments=MOMENTS)[0]
        assert box is not None
        return float(np.abs(box - np.array([0.1, 0.2, 0.4, 0.37])).max())

    hard = off(MotionSpec((BoxTrack("apple", keys),)))
    soft = off(MotionSpec((BoxTrack("apple", keys, is_hard=False),)))

    assert hard < 0.06
    assert hard <= soft


def test_boxes_go_to_the_object_they_are_labelled_with(pipeline: ReverieSmallPipeline) -> None:
    left, right = (Keyframe(0, 0.05, 0.4, 0.35, 0.57),), (Keyframe(0, 0.65, 0.4, 0.95, 0.57),)
    spec = MotionSpec((BoxTrack("the kitten", left), BoxTrack("an apple", right)))

    actors = _made(pipeline, prompt="an apple and a cat", motion=spec).layers[0].actors

    apple, cat = (visible_boxes(actor, moments=MOMENTS)[0] for actor in actors)
    assert apple is not None
    assert cat is not None
    assert cat[0] < 0.4 < apple[0]


def test_every_word_is_trained_and_a_fifth_of_the_combinations_is_kept_back() -> None:
    trained = set(vocabulary.combinations(held_out=False))
    held_out = set(vocabulary.combinations(held_out=True))

    assert not trained & held_out
    assert 0.15 < len(held_out) / (len(trained) + len(held_out)) < 0.25
    assert {thing for thing, _, _ in trained} == set(vocabulary.OBJECT_NAMES)
    assert {place for _, place, _ in trained} == set(vocabulary.PLACE_NAMES)
    assert {motion for _, _, motion in trained} == set(vocabulary.MOTION_NAMES)


def test_a_seed_always_renders_the_same_world(bank: world.Bank) -> None:
    again = world.make_bank(SPRITES, seed=7, painted=2, names=THINGS[:2])
    first = world.make_bank(SPRITES, seed=7, painted=2, names=THINGS[:2])
    scene = vocabulary.Scene("city", (vocabulary.Actor("cat", "rolls"),))
    frames = [
        world.frame_at(world.stage(scene, one, np.random.default_rng(5)), 9)
        for one in (first, again)
    ]

    assert np.array_equal(first.places, again.places)
    assert np.array_equal(frames[0], frames[1])


def test_the_reader_tells_objects_apart(bank: world.Bank) -> None:
    reader = SceneReader(bank)
    rng = np.random.default_rng(2)
    wrong = []
    for name in THINGS:
        scene = vocabulary.Scene("sky", (vocabulary.Actor(name, "moves right"),))
        staged = world.stage(scene, bank, rng)
        layers = Layers(staged.place.astype(np.float32) / 255, staged.layers)
        read = reader.read(layers)
        if (read.place, read.found[0].name, read.found[0].motion) != ("sky", name, "moves right"):
            wrong.append((name, read))

    assert not wrong


def test_the_vocabulary_page_is_the_one_that_the_vocabulary_writes() -> None:
    page = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")

    assert page == vocabulary_page(), "run manage.py write_vocabulary_page"


def test_the_folder_is_small_and_has_no_other_model_beside_it() -> None:
    files = [file for file in FOLDER.rglob("*") if file.is_file()]

    assert sum(file.stat().st_size for file in files) <= MOST_BYTES
    assert [folder.name for folder in FOLDER.parent.iterdir() if folder.is_dir()] == [FOLDER.name]
