"""The reference of the road: the same pipeline and encoder in one warm process, nothing else."""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.utils import logging
from diffusers.utils.export_utils import export_to_video
from numpy.typing import NDArray
from PIL import Image

from bench import ROOT
from bench.sides import serve
from generation.engines.registry import description_of
from generation.small.pipeline import ReverieSmallPipeline
from video.encoding import encode
from video.frames import fit_frames

STEPS_TO_TIME = 12


class Bare:
    """The default engine's pipeline, called as a script would call it."""

    def __init__(self, prompt: str) -> None:
        self._prompt = prompt
        logging.disable_progress_bar()
        self._engine = description_of(None, file=ROOT / "generation" / "engines.yaml")
        self._length = next(iter(self._engine.lengths.values()))
        self._width, self._height = self._engine.sizes[0]
        self._pipeline = ReverieSmallPipeline.from_pretrained(self._engine.source)
        self._pipeline.set_progress_bar_config(disable=True)
        self._made = 0

    def answer(self, task: str) -> float:
        """Seconds of `encode` or `export` (prompt to files), or of one `step` among many."""
        if task == "step":
            return self._step_seconds()
        write = {"encode": self._encode, "export": self._export}[task]
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            write(self._frames(), Path(folder))
            return time.perf_counter() - began

    def _step_seconds(self) -> float:
        ends: list[float] = []

        def after_step(_pipe: Any, _step: int, _time: Any, kept: dict[str, Any]) -> dict[str, Any]:
            ends.append(time.perf_counter())
            return kept

        self._call(steps=STEPS_TO_TIME, callback=after_step)
        return statistics.median(np.diff(ends).tolist())

    def _frames(self) -> NDArray[np.uint8]:
        frames = self._call(steps=self._engine.inference_steps)
        pictures = np.rint(frames * 255).astype(np.uint8)
        return fit_frames(pictures, width=self._width, height=self._height)

    def _call(self, *, steps: int, callback: Callable[..., Any] | None = None) -> Any:
        self._made += 1
        output = self._pipeline(
            prompt=self._prompt,
            num_frames=self._length.frames,
            num_inference_steps=steps,
            guidance_scale=self._engine.guidance_scale,
            generator=torch.Generator("cpu").manual_seed(self._made),
            callback_on_step_end=callback,
        )
        return output.frames[0]

    def _encode(self, frames: NDArray[np.uint8], folder: Path) -> None:
        encode(
            frames,
            frames_per_second=self._length.frames_per_second,
            width=self._width,
            height=self._height,
            folder=folder,
        )

    def _export(self, frames: NDArray[np.uint8], folder: Path) -> None:
        pictures = [Image.fromarray(frame) for frame in frames]
        export_to_video(pictures, str(folder / "video.mp4"), fps=self._length.frames_per_second)


if __name__ == "__main__":
    serve(Bare(sys.argv[1]).answer)
