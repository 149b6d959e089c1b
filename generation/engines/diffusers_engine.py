"""Any diffusers video pipeline as an engine: a local folder or a hub id, by configuration."""

from importlib import import_module
from inspect import signature
from typing import Any

import numpy as np
import torch
from diffusers import DiffusionPipeline
from numpy.typing import NDArray
from PIL import Image, ImageOps

from generation.engines.port import (
    EngineDescription,
    Rendered,
    RenderRequest,
    StepCallback,
    UnableToRender,
)


class DiffusersEngine:
    """One loaded pipeline.

    `description.pipeline` names a pipeline class by its dotted path; without it diffusers picks
    the class that the folder's `model_index.json` names.  `device: auto` means CUDA where there
    is one.  Seeds are drawn on the CPU, so that a seed means the same on every device.
    """

    def __init__(self, description: EngineDescription) -> None:
        self._description = description
        self._pipeline = self._load()

    def _load(self) -> Any:
        description = self._description
        try:
            pipeline = _pipeline_class(description.pipeline).from_pretrained(
                description.source, dtype=getattr(torch, description.dtype)
            )
            # Weights that a folder lacks are only missed here: they can not be moved.
            pipeline.to(_device(description.device))
        except (OSError, ValueError, AttributeError, ImportError, RuntimeError) as error:
            raise UnableToRender(
                f"Engine {description.id} can not be loaded from {description.source}: {error}",
                code="engine_unavailable",
            ) from error
        taken = signature(pipeline.__call__).parameters
        name = type(pipeline).__name__
        if "callback_on_step_end" not in taken:
            raise UnableToRender(
                f"{name} reports no steps, so it could not be stopped.", code="engine_unavailable"
            )
        if description.takes_picture and "image" not in taken:
            raise UnableToRender(
                f"{name} takes no picture to begin with.", code="engine_unavailable"
            )
        pipeline.set_progress_bar_config(disable=True)
        return pipeline

    def render(self, request: RenderRequest, *, on_step: StepCallback) -> Rendered:
        """Frames for `request`; see `generation.engines.port.Engine.render`."""
        length = self._description.lengths[request.seconds]
        width, height = self._description.native_size or (request.width, request.height)

        def after_step(_pipe: Any, step: int, _time: Any, kept: dict[str, Any]) -> dict[str, Any]:
            on_step(step + 1, request.inference_steps)
            return kept

        try:
            output = self._pipeline(
                prompt=request.prompt,
                negative_prompt=request.negative_prompt or None,
                width=width,
                height=height,
                num_frames=length.frames,
                num_inference_steps=request.inference_steps,
                guidance_scale=request.guidance_scale,
                generator=torch.Generator("cpu").manual_seed(request.seed),
                output_type="np",
                callback_on_step_end=after_step,
                **_given(request, width, height),
            )
        except torch.OutOfMemoryError as error:
            torch.cuda.empty_cache()
            raise UnableToRender(
                "The video is too large for this machine; ask for a smaller or shorter one.",
                code="resource_exhausted",
            ) from error
        return Rendered(_as_bytes(output.frames[0]), length.frames_per_second)


def _given(request: RenderRequest, width: int, height: int) -> dict[str, Any]:
    """What not every pipeline takes."""
    given: dict[str, Any] = {}
    if request.motion:
        given["motion"] = request.motion
    if request.picture is not None:
        given["image"] = ImageOps.fit(Image.fromarray(request.picture), (width, height))
    return given


def _pipeline_class(path: str) -> Any:
    if not path:
        return DiffusionPipeline
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)


def _device(name: str) -> str:
    if name != "auto":
        return name
    return "cuda" if torch.cuda.is_available() else "cpu"


def _as_bytes(frames: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """Floats in 0-1 `(T, H, W, 3)` as uint8, rounded and never wrapped."""
    rounded = np.rint(np.clip(frames, 0.0, 1.0) * 255.0)
    return np.ascontiguousarray(rounded.astype(np.uint8))
