"""Training of the small model on rendered scenes: resumable, budgeted in minutes, on CPU or GPU."""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from torch import Tensor, distributed, multiprocessing, nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from generation.small.lessons import Lesson, Lessons, School, opened_school
from generation.small.network import Clips, Given, ReverieSmallNetwork
from generation.small.pipeline import ReverieSmallPipeline

PURE_NOISE_SHARE = 0.05
SIGMA_SHIFT = 3.0
SIGMA_FLOORS = (0.3, 0.3, 0.1)
WEIGHTS = (3.0, 1.0, 1.0)
EMA_DECAY = 0.999
VIEW_RATE_TIMES = 8
WARM_UP_STEPS = 50
COOLING_FROM = 0.4
REPORT_EVERY = 20


@dataclass(frozen=True)
class TrainingPlan:
    """What one training run is asked to do; `minutes` count across resumptions.

    Each of the `workers` is a process with one thread, which on shared cores is steadier than
    threads; `loaders` processes prepare each worker's lessons.
    """

    assets: Path
    run: Path
    minutes: float
    batch: int = 12
    rate: float = 1.5e-3
    matrix_rate: float = 3e-3
    seed: int = 0
    workers: int = 2
    loaders: int = 1
    save_every: float = 120.0
    sheet_every: float = 900.0
    device: str = "cpu"


class Masters:
    """Float32 copies of bfloat16 weights, their optimizers and their running average."""

    def __init__(self, network: ReverieSmallNetwork, plan: TrainingPlan) -> None:
        """Promise optimizers over every weight: Muon for matrices, AdamW for the rest."""
        self.plan = plan
        self.weights = dict(network.named_parameters())
        self.masters = {
            name: weight.detach().float().clone().requires_grad_()
            for name, weight in self.weights.items()
        }
        self.average = {name: master.detach().clone() for name, master in self.masters.items()}
        inner = [master for name, master in self.masters.items() if _is_inner(name, master)]
        # A view's row is only learned from where it is shown, so it takes longer steps.
        views = [self.masters["view.weight"], self.masters["view_grid.weight"]]
        known = {id(master) for master in (*inner, *views)}
        rest = [master for master in self.masters.values() if id(master) not in known]
        self.optimizers: list[tuple[float, torch.optim.Optimizer]] = [
            (plan.rate, torch.optim.AdamW(rest, betas=(0.9, 0.98), weight_decay=0.01)),
            (
                VIEW_RATE_TIMES * plan.rate,
                torch.optim.AdamW(views, betas=(0.9, 0.98), weight_decay=0.0),
            ),
            (
                plan.matrix_rate,
                torch.optim.Muon(inner, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"),
            ),
        ]
        self.steps = 0

    def share(self, elapsed: float) -> float:
        """Average gradients and `elapsed` over the workers; return the average seconds."""
        if distributed.get_world_size() == 1:
            return elapsed
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
                self.masters[name].grad = weight.grad.float()
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
            weight.copy_(self.masters[name])
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
            self.weights[name].copy_(master)
        for (_, optimizer), saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.steps = state["steps"]


def _is_inner(name: str, master: Tensor) -> bool:
    return master.ndim == 2 and name.startswith("blocks")  # noqa: PLR2004 - a matrix


def train(plan: TrainingPlan) -> Path:
    """Train until the plan's minutes are used; return the checkpoint's path.

    A run that was stopped goes on from its last checkpoint.
    """
    opened_school(plan.assets, plan.run, plan.seed)
    with tempfile.TemporaryDirectory() as meeting:
        store = f"file://{meeting}/store"
        if plan.workers == 1:
            _work(0, plan, store)
        else:
            multiprocessing.spawn(_work, (plan, store), plan.workers)
    return checkpoint_of(plan.run)


def checkpoint_of(run: Path) -> Path:
    """Where a run keeps its checkpoint."""
    return run / "checkpoint.pt"


def _work(rank: int, plan: TrainingPlan, meeting: str) -> None:
    if plan.device == "cpu":
        torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=plan.workers)
    school = opened_school(plan.assets, plan.run, plan.seed)
    torch.manual_seed(plan.seed)
    network = ReverieSmallNetwork().to(plan.device, torch.bfloat16)
    masters = Masters(network, plan)
    used = _resume(plan, masters)
    seed = plan.seed + 1000 * masters.steps + rank
    torch.manual_seed(seed)
    _learn(plan, network, masters, school, _stream(plan, school, 100 * seed), used)
    distributed.destroy_process_group()


def _stream(plan: TrainingPlan, school: School, seed: int) -> Iterator[Lesson]:
    lessons = Lessons(school, batch=plan.batch, seed=seed)
    return iter(DataLoader(lessons, batch_size=None, num_workers=plan.loaders, prefetch_factor=4))


def _resume(plan: TrainingPlan, masters: Masters) -> float:
    path = checkpoint_of(plan.run)
    if not path.exists():
        return 0.0
    saved = torch.load(path, weights_only=True, map_location=plan.device)
    masters.restore(saved)
    return float(saved["seconds"])


def _learn(
    plan: TrainingPlan,
    network: ReverieSmallNetwork,
    masters: Masters,
    school: School,
    stream: Iterator[Lesson],
    used: float,
) -> None:
    first = distributed.get_rank() == 0
    whole = plan.minutes * 60
    notes = _Notes(plan, school, masters, used) if first else None
    began, elapsed = time.monotonic(), used
    while elapsed < whole:
        losses = _losses(network, _on(plan.device, next(stream)), plan.device)
        (losses * torch.tensor(WEIGHTS, device=plan.device)).sum().backward()
        elapsed = masters.share(used + time.monotonic() - began)
        masters.step(min(1.0, elapsed / whole))
        if notes:
            notes.take(elapsed, losses.detach())
    if notes:
        notes.close(elapsed)


def _on(device: str, lesson: Lesson) -> Lesson:
    if device == "cpu":
        return lesson
    given = {field.name: getattr(lesson.given, field.name).to(device) for field in fields(Given)}
    return Lesson(Clips(*(part.to(device) for part in lesson.clean.parts())), Given(**given))


def _losses(network: ReverieSmallNetwork, lesson: Lesson, device: str) -> Tensor:
    """Return (3,): how far place, loops and tracks are off, noisier ones counting less."""
    clean = lesson.clean
    noise = Clips(*(torch.randn_like(part) for part in clean.parts()))
    sigma = _levels(len(clean.place)).to(device)
    estimate = network(clean.mixed(noise, sigma), sigma, lesson.given)
    losses = []
    for found, right, floor in zip(estimate.parts(), clean.parts(), SIGMA_FLOORS, strict=True):
        off = (found - right).square().flatten(1).mean(1)
        losses.append((off / sigma.clamp(min=floor)).mean())
    return torch.stack(losses)


def _levels(batch: int) -> Tensor:
    share = (torch.arange(batch) + torch.rand(batch)) / batch
    sigma = SIGMA_SHIFT * share / (1 + (SIGMA_SHIFT - 1) * share)
    return torch.where(torch.rand(batch) < PURE_NOISE_SHARE, 1.0, sigma)


class _Notes:
    """What a run writes down on its way: a progress bar, a log, checkpoints and sheets."""

    def __init__(self, plan: TrainingPlan, school: School, masters: Masters, used: float) -> None:
        self.plan, self.school, self.masters = plan, school, masters
        self.window: list[Tensor] = []
        self.saved = self.drawn = used
        self.bar = tqdm(
            total=round(plan.minutes * 60), initial=round(used), unit="s",
            bar_format="{percentage:3.0f}% |{bar}| {remaining} left{postfix}",
        )  # fmt: skip

    def take(self, elapsed: float, losses: Tensor) -> None:
        """Note one step."""
        self.window.append(losses)
        if self.masters.steps % REPORT_EVERY == 0:
            self._report(elapsed)
        if elapsed - self.saved > self.plan.save_every:
            self._save(elapsed)
        if elapsed - self.drawn > self.plan.sheet_every:
            self._draw(elapsed)

    def close(self, elapsed: float) -> None:
        """Note the end."""
        self._save(elapsed)
        self.bar.close()

    def _report(self, elapsed: float) -> None:
        place, loops, tracks = torch.stack(self.window).mean(0).tolist()
        self.window.clear()
        steps = self.masters.steps
        samples = steps * self.plan.batch * self.plan.workers
        said = f"place {place:.4f} loops {loops:.4f} tracks {tracks:.4f}"
        self.bar.n = min(round(elapsed), self.bar.total)
        self.bar.set_postfix_str(f"{samples} clips, {said}")
        with (self.plan.run / "log.txt").open("a") as log:
            log.write(f"{elapsed:.0f}s step {steps} samples {samples} {said}\n")

    def _save(self, elapsed: float) -> None:
        path = checkpoint_of(self.plan.run)
        partial = path.with_suffix(".part")
        torch.save({**self.masters.state(), "seconds": elapsed}, partial)
        partial.replace(path)
        self.saved = elapsed

    def _draw(self, elapsed: float) -> None:
        from generation.small.sheet import draw_sheet  # noqa: PLC0415 - only a run that draws

        self._save(elapsed)
        pipeline = assembled(averaged_network(checkpoint_of(self.plan.run)), self.school)
        draw_sheet(pipeline, self.plan.run / f"sheet-{round(elapsed):05}.jpg")
        self.drawn = elapsed


def averaged_network(path: Path) -> ReverieSmallNetwork:
    """The network with the running average of a checkpoint's weights."""
    average = torch.load(path, weights_only=True, map_location="cpu")["average"]
    network = ReverieSmallNetwork()
    network.load_state_dict(average)
    return network.eval()


def assembled(network: ReverieSmallNetwork, school: School) -> ReverieSmallPipeline:
    """The pipeline of a network and its school's codecs."""
    codecs = school.codecs
    return ReverieSmallPipeline(
        network=network,
        scheduler=FlowMatchEulerDiscreteScheduler(shift=SIGMA_SHIFT),
        place_codec=codecs.place.eval(),
        loop_codec=codecs.loop.eval(),
        track_codec=codecs.track.eval(),
    )


def save_folder(network: ReverieSmallNetwork, school: School, folder: Path) -> None:
    """Write the pipeline as a diffusers folder, its weights in float16."""
    assembled(network, school).to(torch.float16).save_pretrained(folder)
