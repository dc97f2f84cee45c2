"""The three losses: tokens, guided cross-attention and frame-wise words."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from tools.demo_model.batches import Batch, Stage
from tools.demo_model.labels import N_TIMESTAMPS, NO_TARGET, TokenTable
from tools.demo_model.network import DemoNetwork

_TIME_SPREAD = 0.2  # share of a timestamp's label that each neighbour gets


@dataclass
class Losses:
    """`total` is minimised; the others are logged."""

    total: Tensor
    token: float
    guide: float
    word: float
    token_accuracy: float
    frame_accuracy: float


def compute(network: DemoNetwork, batch: Batch, stage: Stage) -> Losses:
    features = network.encode(batch.mel, batch.offset)
    word_logits = network.word_head(features)
    word = F.cross_entropy(word_logits.flatten(0, 1), batch.frame_words.flatten())
    log_probs, scores = network.decode(batch.tokens, features)
    token = token_loss(log_probs, batch.targets, network.table)
    guide = sum((guide_loss(score, batch) for score in scores), torch.zeros(())) / len(scores)
    valid = batch.targets != NO_TARGET
    is_text = valid & (batch.targets < network.table.eot)
    right = log_probs.detach().argmax(-1) == batch.targets
    spoken = batch.frame_words > 0
    frames_right = word_logits.detach().argmax(-1) == batch.frame_words
    return Losses(
        token + stage.guide_loss * guide + stage.word_loss * word,
        token.item(),
        guide.item(),
        word.item(),
        right[is_text].float().mean().item(),
        frames_right[spoken].float().mean().item(),
    )


def token_loss(log_probs: Tensor, targets: Tensor, table: TokenTable) -> Tensor:
    """Cross-entropy, with each timestamp's label spread over its neighbours."""
    valid = targets != NO_TARGET
    chosen, target = log_probs[valid], targets[valid]

    def at(index: Tensor) -> Tensor:
        return chosen.gather(1, index[:, None])[:, 0]

    first, last = table.time_zero, table.time_zero + N_TIMESTAMPS - 1
    is_time = (target >= first) & (target <= last)
    around = at((target - 1).clamp(min=first)) + at((target + 1).clamp(max=last))
    exact = at(target)
    spread = (1 - 2 * _TIME_SPREAD) * exact + _TIME_SPREAD * around
    return -torch.where(is_time, spread, exact).mean()


def guide_loss(score: Tensor, batch: Batch) -> Tensor:
    """Cross-entropy between the attention and a uniform distribution over the frames of the word."""
    guided = batch.look_to > batch.look_from
    if not guided.any():
        return torch.zeros(())
    frames = torch.arange(score.shape[-1])
    chosen = score.transpose(1, 2)[guided].float()  # (n_guided, head, frame)
    look_from, look_to = batch.look_from[guided], batch.look_to[guided]
    inside = (frames >= look_from[:, None]) & (frames < look_to[:, None])
    mean = (chosen * inside[:, None]).sum(-1) / (look_to - look_from)[:, None]
    return (chosen.logsumexp(-1) - mean).mean()
