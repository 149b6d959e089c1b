"""The small model as an ordinary diffusers pipeline."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from diffusers.pipelines.pipeline_utils import DiffusionPipeline
from diffusers.utils import BaseOutput
from diffusers.utils.torch_utils import randn_tensor
from torch import Tensor

from generation.small.network import ReverieSmallNetwork
from generation.small.words import installed_encoder

OnStepEnd = Callable[[Any, int, Tensor, dict[str, Tensor]], dict[str, Tensor]]
Generators: TypeAlias = torch.Generator | list[torch.Generator]

TENSORS_FOR_CALLBACK = ("latents",)


@dataclass
class ReverieSmallOutput(BaseOutput):
    """`frames`: (batch, frames, height, width, 3) floats in 0..1."""

    frames: npt.NDArray[np.float32] | Tensor


class ReverieSmallPipeline(DiffusionPipeline):
    """Text to a two-second clip of 64 by 64 pixels.

    One call at a time per instance: the scheduler keeps state. An exception raised by
    `callback_on_step_end` ends the call at once and leaves the pipeline usable.
    """

    network: ReverieSmallNetwork
    scheduler: FlowMatchEulerDiscreteScheduler
    model_cpu_offload_seq = "network"
    _callback_tensor_inputs = list(TENSORS_FOR_CALLBACK)

    def __init__(
        self, network: ReverieSmallNetwork, scheduler: FlowMatchEulerDiscreteScheduler
    ) -> None:
        """Promise a pipeline over the parts; the text encoder comes from its wheel."""
        super().__init__()
        self.register_modules(network=network, scheduler=scheduler)

    @torch.no_grad()
    def __call__(  # noqa: PLR0913, PLR0917 - the shared signature of diffusers' video pipelines
        self,
        prompt: str | list[str],
        negative_prompt: str | list[str] | None = None,
        height: int | None = None,
        width: int | None = None,
        num_frames: int | None = None,
        num_inference_steps: int = 8,
        guidance_scale: float = 2.0,
        generator: Generators | None = None,
        output_type: str = "np",
        return_dict: bool = True,  # noqa: FBT001, FBT002 - diffusers' name and place
        callback_on_step_end: OnStepEnd | None = None,
        callback_on_step_end_tensor_inputs: list[str] | None = None,
    ) -> ReverieSmallOutput | tuple[npt.NDArray[np.float32] | Tensor]:
        """Return one clip per prompt, (batch, frames, height, width, 3) in 0..1.

        A list of generators seeds each clip by itself. ValueError: a size, length, step
        count or output type the model does not make.
        """
        self._refuse_other_shapes(height, width, num_frames)
        watched = callback_on_step_end_tensor_inputs or list(TENSORS_FOR_CALLBACK)
        _refuse_other_options(num_inference_steps, output_type, watched)
        prompts = [prompt] if isinstance(prompt, str) else list(prompt)
        text, mask = self._encoded(prompts, negative_prompt, guided=guidance_scale > 1)
        clips = self._noise(len(prompts), generator)
        self._set_steps(num_inference_steps)
        for index, timestep in enumerate(self.progress_bar(self.scheduler.timesteps)):
            sigma = self.scheduler.sigmas[index].to(clips)
            clean = self._clean(clips, sigma, text, mask, guidance_scale)
            velocity = (clips - clean) / sigma
            clips = self.scheduler.step(velocity, timestep, clips, return_dict=False)[0]
            if callback_on_step_end is not None:
                tensors = {name: {"latents": clips}[name] for name in watched}
                clips = callback_on_step_end(self, index, timestep, tensors).pop("latents", clips)
        frames = _frames(clips, output_type)
        return ReverieSmallOutput(frames=frames) if return_dict else (frames,)

    def _set_steps(self, count: int) -> None:
        self.scheduler.set_timesteps(
            sigmas=np.linspace(1.0, 1 / count, count), device=self._execution_device
        )

    def _refuse_other_shapes(
        self, height: int | None, width: int | None, num_frames: int | None
    ) -> None:
        made = self.network.config
        size, frames = made["sample_size"], made["num_frames"]
        if {height, width} - {None, size} or num_frames not in {None, frames}:
            raise ValueError(
                f"This model makes {frames} frames of {size}x{size} pixels, "
                f"not {num_frames} of {width}x{height}."
            )

    def _encoded(
        self, prompts: list[str], negative: str | list[str] | None, *, guided: bool
    ) -> tuple[Tensor, Tensor]:
        texts = list(prompts)
        if guided:
            avoided = negative or ""
            texts = ([avoided] * len(prompts) if isinstance(avoided, str) else avoided) + texts
        if guided and len(texts) != 2 * len(prompts):
            raise ValueError("Give one negative prompt, or one for each prompt.")
        text, mask = installed_encoder()(texts)
        device = self._execution_device
        return text.to(device, self.network.dtype), mask.to(device)

    def _noise(self, count: int, generator: Generators | None) -> Tensor:
        made = self.network.config
        size = made["sample_size"]
        if isinstance(generator, list) and len(generator) != count:
            raise ValueError(f"{len(generator)} generators for {count} prompts.")
        return randn_tensor(
            (count, 3, made["num_frames"], size, size),
            generator=generator,
            device=self._execution_device,
            dtype=torch.float32,
        )

    def _clean(
        self, clips: Tensor, sigma: Tensor, text: Tensor, mask: Tensor, guidance: float
    ) -> Tensor:
        copies = len(text) // len(clips)
        estimate = self.network(
            clips.repeat(copies, 1, 1, 1, 1), sigma.expand(len(text)), text, mask
        )
        if copies == 1:
            return estimate
        without, with_prompt = estimate.chunk(2)
        return without + guidance * (with_prompt - without)


def _refuse_other_options(steps: int, output_type: str, watched: list[str]) -> None:
    if steps < 1:
        raise ValueError(f"At least one step, not {steps}.")
    if output_type not in {"np", "pt"}:
        raise ValueError(f'Output type "np" or "pt", not {output_type!r}.')
    if not set(watched) <= set(TENSORS_FOR_CALLBACK):
        raise ValueError(f"A callback may ask for {TENSORS_FOR_CALLBACK}, not {watched}.")


def _frames(clips: Tensor, output_type: str) -> npt.NDArray[np.float32] | Tensor:
    frames = (clips.permute(0, 2, 3, 4, 1) / 2 + 0.5).clamp(0, 1)
    return frames.cpu().numpy() if output_type == "np" else frames
