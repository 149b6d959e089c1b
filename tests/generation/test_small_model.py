"""The shipped text-to-video model: loads, is seeded, stops, refuses, and does as it is told."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from generation.small import evaluation, scenes, vocabulary
from generation.small.hand_written import hand_written_scenes
from generation.small.page import vocabulary_page
from generation.small.pipeline import ReverieSmallPipeline
from generation.small.reading import SceneReader

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "generation" / "small" / "weights" / "reverie-small-1"
SPRITES = Path(__file__).parent / "sprites"
MOST_BYTES = 20_000_000
PROMPT = "a red apple bouncing on a beach at sunset"


@pytest.fixture(scope="module")
def pipeline() -> ReverieSmallPipeline:
    loaded: ReverieSmallPipeline = ReverieSmallPipeline.from_pretrained(FOLDER)
    loaded.set_progress_bar_config(disable=True)
    return loaded


@pytest.fixture(scope="module")
def reader() -> SceneReader:
    return SceneReader(SPRITES)


def _clip(pipeline: ReverieSmallPipeline, seed: int = 3, **options: Any) -> Any:
    seeded = torch.Generator().manual_seed(seed)
    asked = {"prompt": PROMPT, "num_inference_steps": 2, **options}
    return pipeline(generator=seeded, **asked).frames


def test_a_clip_is_sixteen_frames_of_floats_between_zero_and_one(
    pipeline: ReverieSmallPipeline,
) -> None:
    frames = _clip(pipeline)

    assert frames.shape == (1, 16, 64, 64, 3)
    assert frames.dtype == np.float32
    assert 0 <= frames.min() < frames.max() <= 1


def test_the_same_seed_gives_the_same_frames_and_another_seed_others(
    pipeline: ReverieSmallPipeline,
) -> None:
    first = _clip(pipeline)

    assert np.array_equal(first, _clip(pipeline))
    assert not np.array_equal(first, _clip(pipeline, seed=4))


def test_each_clip_of_a_batch_has_its_own_seed(pipeline: ReverieSmallPipeline) -> None:
    seeds = [torch.Generator().manual_seed(seed) for seed in (3, 4)]

    both = pipeline([PROMPT, PROMPT], num_inference_steps=2, generator=seeds).frames

    assert np.allclose(both[0], _clip(pipeline)[0], atol=1e-3)
    assert np.allclose(both[1], _clip(pipeline, seed=4)[0], atol=1e-3)


def test_an_exception_in_the_callback_stops_at_once_and_leaves_the_pipeline_usable(
    pipeline: ReverieSmallPipeline,
) -> None:
    before = _clip(pipeline)
    seen: list[int] = []

    def stop(_pipe: Any, index: int, _time: Any, _tensors: Any) -> dict[str, Any]:
        seen.append(index)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _clip(pipeline, num_inference_steps=8, callback_on_step_end=stop)

    assert seen == [0]
    assert np.array_equal(before, _clip(pipeline))


def test_the_callback_sees_every_step_and_may_change_the_latents(
    pipeline: ReverieSmallPipeline,
) -> None:
    seen: list[int] = []

    def blacken(_pipe: Any, index: int, _time: Any, tensors: Any) -> dict[str, Any]:
        seen.append(index)
        return {"latents": torch.full_like(tensors["latents"], -1)} if index == 1 else tensors

    frames = _clip(pipeline, callback_on_step_end=blacken)

    assert seen == [0, 1]
    assert frames.max() == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"height": 65},
        {"width": 128, "height": 128},
        {"num_frames": 17},
        {"num_inference_steps": 0},
        {"output_type": "pil"},
        {"generator": [torch.Generator()] * 2},
        {"negative_prompt": ["blurred", "dark"]},
        {"callback_on_step_end_tensor_inputs": ["attention"]},
    ],
)
def test_what_the_model_does_not_make_is_refused(
    pipeline: ReverieSmallPipeline, wrong: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        pipeline(PROMPT, **wrong)


def test_the_reader_reads_rendered_scenes_without_fault(reader: SceneReader) -> None:
    figures = evaluation.reader_accuracy(reader, count=20, seed=1)

    assert figures.all >= 0.95


def test_clips_of_unseen_combinations_show_what_the_prompts_say(
    pipeline: ReverieSmallPipeline, reader: SceneReader
) -> None:
    requests = evaluation.held_out_requests(20, seed=11)
    sampling = evaluation.Sampling(steps=4, guidance=2.0)

    measured = evaluation.measure(pipeline, reader, requests, sampling)

    own, other = measured.own, measured.other
    assert own.object >= 0.6 > other.object
    assert own.motion >= 0.6 > other.motion
    assert own.background >= 0.8 > other.background


def test_every_word_is_trained_and_a_fifth_of_the_combinations_is_kept_back() -> None:
    trained, held_out = vocabulary.training_scenes(), vocabulary.held_out_scenes()

    assert not set(trained) & set(held_out)
    assert 0.15 < len(held_out) / (len(trained) + len(held_out)) < 0.25
    assert {scene.object for scene in trained} == set(vocabulary.OBJECT_NAMES)
    assert {scene.background for scene in trained} == set(vocabulary.BACKGROUND_NAMES)
    assert {scene.motion for scene in trained} == set(vocabulary.MOTION_NAMES)


def test_prompts_written_by_hand_ask_for_held_out_combinations_only() -> None:
    assert all(vocabulary.is_held_out(scene) for _, scene in hand_written_scenes())


@pytest.mark.parametrize("motion", vocabulary.MOTION_NAMES)
def test_a_rendered_sprite_lies_inside_its_box_and_the_box_inside_the_frame(motion: str) -> None:
    rng = np.random.default_rng(2)
    scene = vocabulary.Scene("frog", "snow", motion)

    clip = scenes.render(scene, scenes.SpriteSheet(SPRITES), rng)

    for cover, (x0, y0, x1, y1) in zip(clip.cover, clip.boxes, strict=True):
        assert 0 <= x0 < x1 <= scenes.SIZE
        assert 0 <= y0 < y1 <= scenes.SIZE
        outside = cover.copy()
        outside[y0:y1, x0:x1] = 0
        assert cover.any()
        assert not outside.any()


def test_the_vocabulary_page_is_not_stale() -> None:
    assert (ROOT / "docs" / "models.md").read_text(encoding="utf-8") == vocabulary_page()


def test_the_folder_fits_in_a_bag_and_carries_its_card() -> None:
    assert sum(file.stat().st_size for file in FOLDER.rglob("*") if file.is_file()) <= MOST_BYTES
    assert "license: apache-2.0" in (FOLDER / "README.md").read_text(encoding="utf-8")
