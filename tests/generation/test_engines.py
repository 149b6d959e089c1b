"""What every engine promises: the shipped one, and any diffusers folder named in the file."""

from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from diffusers import (
    AutoencoderKLWan,
    FlowMatchEulerDiscreteScheduler,
    WanImageToVideoPipeline,
    WanPipeline,
    WanTransformer3DModel,
)
from django.conf import settings
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, UMT5Config, UMT5EncoderModel

from generation.engines.port import Engine, RenderingStopped, RenderRequest, UnableToRender
from generation.engines.registry import (
    UnableToReadEngines,
    UnknownEngine,
    description_of,
    descriptions,
    load_engine,
)

TINY = "tiny-wan"
TINY_OF_PICTURES = "tiny-wan-i2v"


def _save_tiny_wan(folder: Path, *, kind: type, channels: int) -> None:
    """A real pipeline of Wan's with random weights, a few hundred kilobytes large.

    Its transformer takes `channels`: 16 of the latents, and 20 more of a picture and its mask.
    """
    torch.manual_seed(0)
    words = {word: at for at, word in enumerate(["<pad>", "</s>", "<unk>", "a", "cat"])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    text = UMT5Config(
        vocab_size=8, d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2, pad_token_id=0
    )
    kind(
        tokenizer=PreTrainedTokenizerFast(
            tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
        ),
        text_encoder=UMT5EncoderModel(text),
        transformer=WanTransformer3DModel(
            patch_size=(1, 2, 2), num_attention_heads=2, attention_head_dim=12,
            in_channels=channels, out_channels=16, text_dim=16, freq_dim=32, ffn_dim=32,
            num_layers=1,
            cross_attn_norm=True, qk_norm="rms_norm_across_heads", rope_max_seq_len=32,
        ),
        vae=AutoencoderKLWan(
            base_dim=4, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1,
            temperal_downsample=[False, True, True],
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
    ).save_pretrained(folder)  # fmt: skip


@pytest.fixture(scope="module")
def engines_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("engines")
    _save_tiny_wan(folder / "wan", kind=WanPipeline, channels=16)
    _save_tiny_wan(folder / "wan-i2v", kind=WanImageToVideoPipeline, channels=36)
    shipped = yaml.safe_load(settings.ENGINES_FILE.read_text())["engines"][0]
    shipped["source"] = str(settings.ENGINES_FILE.parent / shipped["source"])
    tiny = {
        "id": TINY,
        "driver": shipped["driver"],
        "source": "wan",
        "owned_by": "tests",
        "created": 0,
        "sizes": ["16x32"],
        "lengths": {"1": {"frames": 5, "frames_per_second": 5}},
        "inference_steps": 2,
        "max_inference_steps": 4,
        "guidance_scale": 2.0,
    }
    pictured = tiny | {"id": TINY_OF_PICTURES, "source": "wan-i2v", "picture": "required"}
    file = folder / "engines.yaml"
    file.write_text(yaml.safe_dump({"engines": [shipped, tiny, pictured]}))
    return file


@pytest.fixture(params=["reverie-small-2", TINY, TINY_OF_PICTURES])
def engine_id(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def engine(engines_file: Path, engine_id: str) -> Engine:
    return load_engine(engine_id, file=engines_file)


@pytest.fixture
def request_(engines_file: Path, engine_id: str) -> RenderRequest:
    offer = description_of(engine_id, file=engines_file)
    (width, height), seconds = offer.sizes[0], next(iter(offer.lengths))
    return RenderRequest(
        prompt="a cat", negative_prompt="", seed=3, seconds=seconds, width=width, height=height,
        inference_steps=2, guidance_scale=offer.guidance_scale,
        picture=_picture(seed=1) if offer.takes_picture else None,
    )  # fmt: skip


def _picture(*, seed: int) -> NDArray[np.uint8]:
    """One that is larger than what any of the engines makes."""
    tiles = np.random.default_rng(seed).integers(0, 256, (10, 6, 3), dtype=np.uint8)
    return np.kron(tiles, np.ones((128, 120, 1), dtype=np.uint8))


def _ignore(_done: int, _total: int) -> None:
    return None


def test_frames_are_bytes_of_the_promised_shape(
    engine: Engine, request_: RenderRequest, engines_file: Path, engine_id: str
) -> None:
    offer = description_of(engine_id, file=engines_file)
    width, height = offer.native_size or offer.sizes[0]
    rendered = engine.render(request_, on_step=_ignore)
    length = offer.lengths[request_.seconds]
    assert rendered.frames.dtype == np.uint8
    assert rendered.frames.shape == (length.frames, height, width, 3)
    assert rendered.frames_per_second == length.frames_per_second


def test_the_same_request_gives_the_same_frames_and_another_seed_others(
    engine: Engine, request_: RenderRequest
) -> None:
    first = engine.render(request_, on_step=_ignore).frames
    again = engine.render(request_, on_step=_ignore).frames
    other = engine.render(RenderRequest(**{**vars(request_), "seed": 4}), on_step=_ignore).frames
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_every_step_is_reported_in_order(engine: Engine, request_: RenderRequest) -> None:
    seen: list[tuple[int, int]] = []
    engine.render(request_, on_step=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2), (2, 2)]


def test_a_callback_that_raises_stops_at_once_and_the_engine_goes_on(
    engine: Engine, request_: RenderRequest
) -> None:
    before = engine.render(request_, on_step=_ignore).frames
    seen: list[int] = []

    def stop(done: int, _total: int) -> None:
        seen.append(done)
        raise RenderingStopped

    with pytest.raises(RenderingStopped):
        engine.render(request_, on_step=stop)
    assert seen == [1]
    assert np.array_equal(engine.render(request_, on_step=_ignore).frames, before)


@pytest.mark.parametrize("engine_id", ["reverie-small-2", TINY_OF_PICTURES], indirect=True)
def test_another_picture_gives_other_frames(engine: Engine, request_: RenderRequest) -> None:
    first = engine.render(request_, on_step=_ignore).frames
    other = RenderRequest(**{**vars(request_), "picture": _picture(seed=2)})
    assert not np.array_equal(first, engine.render(other, on_step=_ignore).frames)


def test_what_takes_no_picture_is_not_said_to(engines_file: Path, tmp_path: Path) -> None:
    entries = yaml.safe_load(engines_file.read_text())["engines"]
    entries[1] |= {"source": str(engines_file.parent / "wan"), "picture": "optional"}
    file = tmp_path / "engines.yaml"
    file.write_text(yaml.safe_dump({"engines": entries}))
    with pytest.raises(UnableToRender, match="takes no picture"):
        load_engine(TINY, file=file)


def test_an_unknown_engine_is_refused_by_name(engines_file: Path) -> None:
    with pytest.raises(UnknownEngine, match="tiny-wan"):
        description_of("sora-2", file=engines_file)
    assert description_of(None, file=engines_file).id == "reverie-small-2"


def test_weights_that_are_not_there_are_a_clear_error(engines_file: Path, tmp_path: Path) -> None:
    entries = yaml.safe_load(engines_file.read_text())["engines"]
    entries[1]["source"] = str(tmp_path)
    file = tmp_path / "engines.yaml"
    file.write_text(yaml.safe_dump({"engines": entries}))
    with pytest.raises(UnableToRender, match="can not be loaded"):
        load_engine(TINY, file=file)


@pytest.mark.parametrize("content", ["", "engines: []", "engines: [{id: x}]", "engines: [}"])
def test_a_wrong_engines_file_says_so(tmp_path: Path, content: str) -> None:
    file = tmp_path / "engines.yaml"
    file.write_text(content)
    with pytest.raises(UnableToReadEngines):
        descriptions(file)
