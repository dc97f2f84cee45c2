"""The training loop: data-parallel processes with one thread each, resumable at any saved step."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor

from tools.demo_model import losses
from tools.demo_model.batches import BatchMaker, Stage
from tools.demo_model.labels import TokenTable
from tools.demo_model.network import DemoNetwork, export, from_export
from tools.demo_model.pool import Pool

EXPORT = "demo-latest.pt"  # the newest checkpoint, in a run's folder
WARM_UP_STEPS = 300
CLIP_NORM = 1.0
AVERAGE_DECAY = 0.998
MICRO_BATCH_SECONDS = 60.0  # speech computed at once, so that it fits the CPU's caches


@dataclass(frozen=True)
class Run:
    """The parameters of a training run. `folder` contains the pool, the saved state and the exports."""

    folder: Path
    stages: Sequence[Stage]
    seed: int
    processes: int
    sharpness: float
    save_every_steps: int
    warm_start: Path | None = None  # an exported checkpoint to continue training with the last stage


def train(rank: int, run: Run) -> None:
    """One of the data-parallel processes; rank 0 also logs, saves and exports."""
    torch.set_num_threads(1)
    os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    os.environ.setdefault("MASTER_PORT", "29517")
    dist.init_process_group("gloo", rank=rank, world_size=run.processes)
    torch.manual_seed(run.seed)
    table = TokenTable()
    network = DemoNetwork(table)
    maker = BatchMaker(Pool(run.folder / "pool"), table, run.seed * 64 + rank)
    loop = _Loop(rank, run, network, maker)
    loop.resume()
    loop.run_all()
    dist.destroy_process_group()


class _Loop:
    def __init__(self, rank: int, run: Run, network: DemoNetwork, maker: BatchMaker) -> None:
        self.rank, self.run, self.network, self.maker = rank, run, network, maker
        self.parameters = [p for p in network.parameters() if p.requires_grad]
        matrices = [p for p in self.parameters if p.ndim > 1]
        vectors = [p for p in self.parameters if p.ndim <= 1]
        groups = [{"params": matrices, "weight_decay": 0.01}, {"params": vectors, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.98), foreach=True)
        self.step = 0
        if run.warm_start is not None:
            weights = from_export(run.warm_start, network.table, sharpness=run.sharpness)
            missing = network.load_state_dict(weights, strict=False).missing_keys
            assert all(name.startswith("word_head.") or name == "logit_bias" for name in missing), missing
            self.step = sum(stage.steps for stage in run.stages[:-1])
        self.first_step = self.step
        self.average = {name: value.clone() for name, value in network.state_dict().items()}
        self.speech_s = 0.0
        self.started = time.monotonic()

    def run_all(self) -> None:
        end = 0
        for stage in self.run.stages:
            start, end = end, end + stage.steps
            while self.step < end:
                progress = (self.step - start) / stage.steps
                self._one_step(stage, progress)
                self.step += 1
                if self.rank == 0 and self.step % self.run.save_every_steps == 0:
                    self.save()
        if self.rank == 0:
            self.save()

    def _one_step(self, stage: Stage, progress: float) -> None:
        lr = stage.lr_to + (stage.lr_from - stage.lr_to) * (1 + math.cos(math.pi * progress)) / 2
        for group in self.optimizer.param_groups:
            group["lr"] = lr * min(1.0, (self.step - self.first_step + 1) / WARM_UP_STEPS)
        micro = max(1, min(stage.batch, round(MICRO_BATCH_SECONDS / stage.length_s)))
        parts = math.ceil(stage.batch / micro)
        figures: losses.Losses | None = None
        self.optimizer.zero_grad(set_to_none=True)
        for part in range(parts):
            batch = self.maker.batch(stage, self.step * 32 + part, micro)
            figures = losses.compute(self.network, batch, stage)
            (figures.total / parts).backward()
        self._share_gradients()
        torch.nn.utils.clip_grad_norm_(self.parameters, CLIP_NORM, foreach=True)
        self.optimizer.step()
        self._update_average()
        self.speech_s += parts * micro * stage.length_s * self.run.processes
        if self.rank == 0 and self.step % 25 == 0 and figures:
            self._log(stage, lr, figures)

    def _share_gradients(self) -> None:
        grads = [p.grad if p.grad is not None else torch.zeros_like(p) for p in self.parameters]
        flat = torch.cat([g.reshape(-1) for g in grads])
        dist.all_reduce(flat)
        flat /= self.run.processes
        offset = 0
        for parameter in self.parameters:
            parameter.grad = flat[offset : offset + parameter.numel()].view_as(parameter)
            offset += parameter.numel()

    @torch.no_grad()
    def _update_average(self) -> None:
        n = self.step - self.first_step
        decay = min(AVERAGE_DECAY, (1 + n) / (10 + n))
        names, values = zip(*self.network.named_parameters(), strict=True)
        torch._foreach_lerp_([self.average[name] for name in names], list(values), 1 - decay)

    def _log(self, stage: Stage, lr: float, figures: losses.Losses) -> None:
        minutes = (time.monotonic() - self.started) / 60
        print(
            f"step {self.step} {stage.length_s:g}s lr {lr:.1e} token {figures.token:.3f}"
            f" guide {figures.guide:.3f} word {figures.word:.3f} text-acc {figures.token_accuracy:.3f}"
            f" frame-acc {figures.frame_accuracy:.3f} {minutes:.1f} min {self.speech_s / 3600:.1f} h",
            flush=True,
        )

    def save(self) -> None:
        state: dict[str, object] = {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average,
            "step": self.step,
            "speech_s": self.speech_s,
            "first_step": self.first_step,
        }
        path = self.run.folder / "state.pt"
        torch.save(state, path.with_suffix(".partial"))
        path.with_suffix(".partial").replace(path)
        export(self.average, self.network.table, self.run.folder / EXPORT, sharpness=self.run.sharpness)

    def resume(self) -> None:
        path = self.run.folder / "state.pt"
        if not path.exists():
            return
        state: dict[str, Tensor] = torch.load(path, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average = state["average"]
        self.step, self.speech_s = int(state["step"]), float(state["speech_s"])
        self.first_step = int(state["first_step"])
