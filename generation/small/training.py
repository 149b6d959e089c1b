"""Training of the small model on rendered scenes: resumable, budgeted in minutes."""

import queue
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from torch import Tensor, distributed, multiprocessing, nn
from torch.nn import functional

from generation.small import scenes, vocabulary
from generation.small.network import ReverieSmallNetwork
from generation.small.pipeline import ReverieSmallPipeline
from generation.small.words import installed_encoder

LONGEST_CAPTION = 32
CAPTIONS_PER_SCENE = 40
PARTIAL_PER_SCENE = 5
PARTIAL_SHARE = 0.08
EMPTY_SHARE = 0.10
PURE_NOISE_SHARE = 0.05
SIGMA_SHIFT = 3.0
SIGMA_FLOOR = 0.3
SPRITE_WEIGHT = 3.0
READING_WEIGHT = 0.05
EMA_DECAY = 0.999
WARM_UP_STEPS = 50
COOLING_FROM = 0.55
UNSAID = -100
REPORT_EVERY = 25


@dataclass(frozen=True)
class TrainingPlan:
    """What one training run is asked to do; `minutes` count across resumptions."""

    assets: Path
    run: Path
    minutes: float
    batch: int = 16
    rate: float = 1.5e-3
    matrix_rate: float = 3e-3
    seed: int = 0
    workers: int = 2
    save_every: float = 120.0


class CaptionsChanged(ValueError):
    """The kept captions are not those of today's vocabulary."""


class CaptionBank:
    """Captions of the training scenes, encoded once."""

    def __init__(self, seed: int, cache: Path) -> None:
        """Promise captions drawn from `seed`; their features are kept in the file `cache`."""
        rng = random.Random(seed)  # noqa: S311 - not for secrets
        self.scenes = vocabulary.training_scenes()
        texts = [""]
        for scene in self.scenes:
            texts += [vocabulary.caption(scene, rng) for _ in range(CAPTIONS_PER_SCENE)]
            texts += [
                vocabulary.partial_caption(scene, rng) for _ in range(CAPTIONS_PER_SCENE // 8)
            ]
        if not cache.exists():
            cache.parent.mkdir(parents=True, exist_ok=True)
            torch.save((texts, *_encoded(texts)), cache)
        kept, self.features, self.mask = torch.load(cache, weights_only=True)
        if kept != texts:
            raise CaptionsChanged(f"{cache} holds other captions: remove it to encode anew.")

    def row(self, scene: int, rng: np.random.Generator) -> tuple[int, bool]:
        """Return a caption's row for the scene, and whether it says everything."""
        luck = rng.random()
        first = 1 + scene * (CAPTIONS_PER_SCENE + PARTIAL_PER_SCENE)
        if luck < EMPTY_SHARE:
            return 0, False
        if luck < EMPTY_SHARE + PARTIAL_SHARE:
            return first + CAPTIONS_PER_SCENE + int(rng.integers(PARTIAL_PER_SCENE)), False
        return first + int(rng.integers(CAPTIONS_PER_SCENE)), True


def _encoded(texts: list[str]) -> tuple[Tensor, Tensor]:
    encoder = installed_encoder()
    features = torch.zeros(len(texts), LONGEST_CAPTION, 384, dtype=torch.bfloat16)
    mask = torch.zeros(len(texts), LONGEST_CAPTION, dtype=torch.bool)
    for start in range(0, len(texts), 256):
        some, said = encoder(texts[start : start + 256])
        words = min(some.shape[1], LONGEST_CAPTION)
        features[start : start + len(some), :words] = some[:, :words].bfloat16()
        mask[start : start + len(some), :words] = said[:, :words]
    return features, mask


Batch = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]


def batches(plan: TrainingPlan, bank: CaptionBank, seed: int) -> Iterator[Batch]:
    """Endless batches: clips (uint8), cover, text features, mask, labels (batch, 3)."""
    sheet = scenes.SpriteSheet(plan.assets)
    rng = np.random.default_rng(seed)
    while True:
        chosen = [int(rng.integers(len(bank.scenes))) for _ in range(plan.batch)]
        clips = [scenes.render(bank.scenes[index], sheet, rng) for index in chosen]
        rows, said = zip(*(bank.row(index, rng) for index in chosen), strict=True)
        labels = [
            _labels(bank.scenes[index]) if told else (UNSAID,) * 3
            for index, told in zip(chosen, said, strict=True)
        ]
        yield (
            torch.from_numpy(np.stack([clip.frames for clip in clips])),
            torch.from_numpy(np.stack([clip.cover for clip in clips])),
            bank.features[list(rows)],
            bank.mask[list(rows)],
            torch.tensor(labels),
        )


def _labels(scene: vocabulary.Scene) -> tuple[int, int, int]:
    return (
        vocabulary.OBJECT_NAMES.index(scene.object),
        vocabulary.BACKGROUND_NAMES.index(scene.background),
        vocabulary.MOTION_NAMES.index(scene.motion),
    )


def ahead(stream: Iterator[Batch]) -> Iterator[Batch]:
    """The same batches, prepared in a thread while the previous one is learned from."""
    ready: queue.Queue[Batch] = queue.Queue(maxsize=4)

    def fill() -> None:
        for batch in stream:
            ready.put(batch)

    threading.Thread(target=fill, daemon=True).start()
    while True:
        yield ready.get()


class Lesson(nn.Module):
    """The network together with the loss it learns by."""

    def __init__(self, network: ReverieSmallNetwork) -> None:
        """Promise a loss over `network`; three readers check what it takes from a prompt."""
        super().__init__()
        self.network = network
        width = network.config["token_channels"]
        self.readers = nn.ModuleList(
            nn.Linear(width, len(names))
            for names in (
                vocabulary.OBJECT_NAMES, vocabulary.BACKGROUND_NAMES, vocabulary.MOTION_NAMES,
            )
        )  # fmt: skip

    def forward(self, batch: Batch, sigma: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Return the denoising loss and the reading loss."""
        frames, cover, text, mask, labels = batch
        clean = (frames.float() / 127.5 - 1).permute(0, 4, 1, 2, 3)
        level = sigma[:, None, None, None, None]
        estimate = self.network((1 - level) * clean + level * noise, sigma, text, mask)
        weight = (1 + SPRITE_WEIGHT * cover[:, None]) / level.clamp(min=SIGMA_FLOOR)
        denoising = (weight * (estimate - clean).square()).mean()
        return denoising, self._reading(text, mask, labels)

    def _reading(self, text: Tensor, mask: Tensor, labels: Tensor) -> Tensor:
        condition = self.network.condition
        prompt = condition.prompt(functional.silu(condition.words(text)), mask)
        losses = [
            functional.cross_entropy(reader(prompt).float(), labels[:, index], reduction="sum")
            for index, reader in enumerate(self.readers)
        ]
        return torch.stack(losses).sum() / len(labels)


class Masters:
    """Float32 copies of bfloat16 weights, their optimizers and their running average."""

    def __init__(self, lesson: Lesson, plan: TrainingPlan) -> None:
        """Promise optimizers over every weight: Muon for matrices, AdamW for the rest."""
        self.plan = plan
        self.weights = dict(lesson.named_parameters())
        self.masters = {name: _matrix(weight) for name, weight in self.weights.items()}
        self.average = {name: master.clone() for name, master in self.masters.items()}
        inner = [m for n, m in self.masters.items() if _inner(n, m)]
        known = {id(master) for master in inner}
        rest = [master for master in self.masters.values() if id(master) not in known]
        self.optimizers: list[tuple[float, torch.optim.Optimizer]] = [
            (plan.rate, torch.optim.AdamW(rest, betas=(0.9, 0.98), weight_decay=0.01)),
            (
                plan.matrix_rate,
                torch.optim.Muon(inner, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"),
            ),
        ]
        self.steps = 0

    def share(self, elapsed: float) -> float:
        """Average gradients and `elapsed` over the workers; return the average seconds."""
        grads = [weight.grad for weight in self.weights.values() if weight.grad is not None]
        flat = torch.cat([*(grad.flatten().float() for grad in grads), torch.tensor([elapsed])])
        distributed.all_reduce(flat)
        flat /= distributed.get_world_size()
        parts = flat[:-1].split([grad.numel() for grad in grads])
        for grad, part in zip(grads, parts, strict=True):
            grad.copy_(part.reshape(grad.shape))
        return flat[-1].item()

    def step(self, share_done: float) -> None:
        """Apply the gradients, at the rate that suits the share of the run that is done."""
        warm = min(1.0, (self.steps + 1) / WARM_UP_STEPS)
        cool = min(1.0, (1 - share_done) / (1 - COOLING_FROM))
        for name, weight in self.weights.items():
            if weight.grad is not None:
                self.masters[name].grad = weight.grad.reshape(self.masters[name].shape).float()
                weight.grad = None
        nn.utils.clip_grad_norm_(list(self.masters.values()), 1.0)
        for rate, optimizer in self.optimizers:
            optimizer.param_groups[0]["lr"] = rate * warm * max(cool, 0.01)
            optimizer.step()
        self.steps += 1
        self._spread()

    @torch.no_grad()
    def _spread(self) -> None:
        decay = min(EMA_DECAY, (1 + self.steps) / (10 + self.steps))
        for name, weight in self.weights.items():
            weight.copy_(self.masters[name].reshape(weight.shape))
        torch._foreach_lerp_(
            list(self.average.values()), [m.detach() for m in self.masters.values()], 1 - decay
        )

    def state(self) -> dict[str, Any]:
        """Return everything needed to go on later."""
        return {
            "masters": self.masters,
            "average": self.average,
            "optimizers": [optimizer.state_dict() for _, optimizer in self.optimizers],
            "steps": self.steps,
        }

    @torch.no_grad()
    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state`."""
        for name, master in self.masters.items():
            master.copy_(state["masters"][name])
            self.average[name].copy_(state["average"][name])
            self.weights[name].copy_(master.reshape(self.weights[name].shape))
        for (_, optimizer), saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.steps = state["steps"]


def _matrix(weight: Tensor) -> Tensor:
    master = weight.detach().float().clone()
    is_kernel = master.ndim == 4  # noqa: PLR2004 - a convolution's weight
    return (master.flatten(1) if is_kernel else master).requires_grad_()


def _inner(name: str, master: Tensor) -> bool:
    outer = ("stem", "head", "readers", "place", "questions")
    return master.ndim == 2 and not any(part in name for part in outer)  # noqa: PLR2004


def train(plan: TrainingPlan) -> Path:
    """Train until the plan's minutes are used; return the checkpoint's path.

    Each worker is a process with one thread: on shared cores this is steadier than threads.
    """
    plan.run.mkdir(parents=True, exist_ok=True)
    CaptionBank(plan.seed, plan.run.parent / "captions.pt")
    with tempfile.TemporaryDirectory() as meeting:
        multiprocessing.spawn(_work, (plan, f"file://{meeting}/store"), plan.workers)
    return plan.run / "checkpoint.pt"


def _work(rank: int, plan: TrainingPlan, meeting: str) -> None:
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=plan.workers)
    torch.manual_seed(plan.seed)
    lesson = Lesson(ReverieSmallNetwork()).to(torch.bfloat16)
    masters = Masters(lesson, plan)
    used = _resume(plan, masters)
    seed = plan.seed + 1000 * masters.steps + rank
    torch.manual_seed(seed)
    bank = CaptionBank(plan.seed, plan.run.parent / "captions.pt")
    _learn(plan, lesson, masters, ahead(batches(plan, bank, seed)), used)
    distributed.destroy_process_group()


def _resume(plan: TrainingPlan, masters: Masters) -> float:
    path = plan.run / "checkpoint.pt"
    if not path.exists():
        return 0.0
    saved = torch.load(path, weights_only=True)
    masters.restore(saved)
    return float(saved["seconds"])


def _learn(
    plan: TrainingPlan, lesson: Lesson, masters: Masters, stream: Iterator[Batch], used: float
) -> None:
    first = distributed.get_rank() == 0
    path = plan.run / "checkpoint.pt"
    began = time.monotonic()
    elapsed = last_saved = used
    window: list[tuple[float, float]] = []
    while elapsed < plan.minutes * 60:
        denoising, reading = lesson(next(stream), _levels(plan.batch), _noise(plan.batch))
        (denoising + READING_WEIGHT * reading).backward()
        elapsed = masters.share(used + time.monotonic() - began)
        masters.step(min(1.0, elapsed / (plan.minutes * 60)))
        window.append((denoising.item(), reading.item()))
        if first and masters.steps % REPORT_EVERY == 0:
            _report(plan, masters.steps, elapsed, window)
        if first and elapsed - last_saved > plan.save_every:
            _save(path, masters, elapsed)
            last_saved = elapsed
    if first:
        _save(path, masters, elapsed)


def _report(
    plan: TrainingPlan, steps: int, elapsed: float, window: list[tuple[float, float]]
) -> None:
    loss, read = (sum(part) / len(window) for part in zip(*window, strict=True))
    window.clear()
    line = (
        f"{elapsed:.0f}s step {steps} samples {steps * plan.batch * plan.workers} "
        f"loss {loss:.4f} reading {read:.4f}"
    )
    with (plan.run / "log.txt").open("a") as log:
        log.write(line + "\n")


def _levels(batch: int) -> Tensor:
    share = (torch.arange(batch) + torch.rand(batch)) / batch
    sigma = SIGMA_SHIFT * share / (1 + (SIGMA_SHIFT - 1) * share)
    return torch.where(torch.rand(batch) < PURE_NOISE_SHARE, 1.0, sigma)


def _noise(batch: int) -> Tensor:
    return torch.randn(batch, scenes.FRAMES, scenes.SIZE, scenes.SIZE, 3).permute(0, 4, 1, 2, 3)


def _save(path: Path, masters: Masters, seconds: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    torch.save({**masters.state(), "seconds": seconds}, partial)
    partial.replace(path)


def averaged_network(path: Path) -> ReverieSmallNetwork:
    """The network with the running average of a checkpoint's weights."""
    average = torch.load(path, weights_only=True)["average"]
    network = ReverieSmallNetwork()
    shapes = {name: weight.shape for name, weight in network.state_dict().items()}
    network.load_state_dict(
        {name: average[f"network.{name}"].reshape(shape) for name, shape in shapes.items()}
    )
    return network.eval()


def save_folder(network: ReverieSmallNetwork, folder: Path) -> None:
    """Write the pipeline as a diffusers folder, its weights in float16."""
    pipeline = ReverieSmallPipeline(
        network.to(torch.float16), FlowMatchEulerDiscreteScheduler(shift=SIGMA_SHIFT)
    )
    pipeline.save_pretrained(folder)
