"""The network during training: whisper's modules with a compact vocabulary and an auxiliary head.

Contains the initial values, the forward pass in bfloat16 with guided cross-attention, and the export to
openai-whisper's checkpoint format. All exported weights belong to a `whisper.model.Whisper`.
"""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from whisper.model import ModelDimensions, MultiHeadAttention, Whisper, sinusoids

from tools.demo_model.labels import N_TIMESTAMPS, TokenTable
from tools.demo_model.pool import WORDS

DIMS = ModelDimensions(
    n_mels=80,
    n_audio_ctx=1500,
    n_audio_state=128,
    n_audio_head=4,
    n_audio_layer=3,
    n_vocab=51865,
    n_text_ctx=448,
    n_text_state=128,
    n_text_head=2,
    n_text_layer=4,
)
ENCODER_OFFSETS = ((-6, -2, 2, 6), (-12, -4, 4, 12), (-24, -8, 8, 24))  # frames of 20 ms, per layer and head
DECODER_OFFSETS = (-1, -3)  # tokens, per head
_FLASH_FROM = 500  # frames; from this size on, fused attention is faster on a CPU
_BF16 = torch.bfloat16


class DemoNetwork(nn.Module):
    """Whisper with a compact vocabulary, plus a frame-wise word classifier on the encoder."""

    def __init__(self, table: TokenTable) -> None:
        super().__init__()
        self.table = table
        self.whisper = Whisper(replace(DIMS, n_vocab=table.size))
        self.word_head = nn.Linear(DIMS.n_audio_state, len(WORDS) + 1)
        n_unused = DIMS.n_vocab - len(table.ids)
        bias = torch.zeros(table.size)
        bias[table.unk] = math.log(n_unused)  # one row represents all unused ids in the softmax
        self.register_buffer("logit_bias", bias)
        initialise(self.whisper, table)

    def encode(self, mel: Tensor, offset: int = 0) -> Tensor:
        """mel, shape (batch, 80, 2 n) → features, shape (batch, n, 128). `offset`: the position of the first frame."""
        encoder = self.whisper.encoder
        x = mel.to(_BF16)
        x = F.gelu(F.conv1d(x, encoder.conv1.weight.to(_BF16), encoder.conv1.bias.to(_BF16), padding=1))
        x = F.gelu(F.conv1d(x, encoder.conv2.weight.to(_BF16), encoder.conv2.bias.to(_BF16), stride=2, padding=1))
        x = x.permute(0, 2, 1).float()
        x = x + encoder.positional_embedding[offset : offset + x.shape[1]]
        for block in encoder.blocks:
            normed = block.attn_ln(x)
            x = x + _attention(block.attn, normed, normed)[0]
            x = x + _mlp(block, x)
        return encoder.ln_post(x)

    def decode(self, tokens: Tensor, features: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Log-probabilities (batch, n, compact size) and the guided layers' scores (batch, head, n, frame)."""
        decoder = self.whisper.decoder
        x = decoder.token_embedding(tokens) + decoder.positional_embedding[: tokens.shape[1]]
        guided_from = DIMS.n_text_layer // 2
        scores: list[Tensor] = []
        for i, block in enumerate(decoder.blocks):
            normed = block.attn_ln(x)
            x = x + _attention(block.attn, normed, normed, is_causal=True)[0]
            out, score = _attention(block.cross_attn, block.cross_attn_ln(x), features, keep=i >= guided_from)
            x = x + out
            x = x + _mlp(block, x)
            if score is not None:
                scores.append(score)
        x = decoder.ln(x)
        logits = F.linear(x.to(_BF16), decoder.token_embedding.weight.to(_BF16)).float() + self.logit_bias
        return F.log_softmax(logits, -1), scores


def _linear(layer: nn.Linear, x: Tensor) -> Tensor:
    bias = None if layer.bias is None else layer.bias.to(_BF16)
    return F.linear(x.to(_BF16), layer.weight.to(_BF16), bias)


def _mlp(block: nn.Module, x: Tensor) -> Tensor:
    return _linear(block.mlp[2], F.gelu(_linear(block.mlp[0], block.mlp_ln(x)))).float()


def _attention(
    layer: MultiHeadAttention, x: Tensor, source: Tensor, *, is_causal: bool = False, keep: bool = False
) -> tuple[Tensor, Tensor | None]:
    """Output, shape (batch, n, state), and with `keep` the scores before the softmax."""
    batch, n, state = x.shape
    depth = state // layer.n_head

    def heads(y: Tensor) -> Tensor:
        return y.view(batch, -1, layer.n_head, depth).transpose(1, 2)

    q, k, v = (
        heads(_linear(layer.query, x)),
        heads(_linear(layer.key, source)),
        heads(_linear(layer.value, source)),
    )
    scores = None
    if not keep and not is_causal and source.shape[1] >= _FLASH_FROM:
        mixed = F.scaled_dot_product_attention(q.contiguous(), k.contiguous(), v.contiguous())
    else:
        scores = (q * depth**-0.5) @ k.transpose(-1, -2)
        if is_causal:
            scores = scores.masked_fill(torch.ones(n, n, dtype=torch.bool).triu(1), -1e4)
        mixed = torch.softmax(scores, -1) @ v
    out = _linear(layer.out, mixed.transpose(1, 2).reshape(batch, n, state)).float()
    return out, scores if keep else None


def _offset_attention(layer: MultiHeadAttention, offsets: tuple[int, ...], gain: float) -> None:
    """Make each head attend at its offset from its position: rotated sinusoids as queries, plain ones as keys."""
    state = layer.query.weight.shape[0]
    depth = state // layer.n_head
    half, pairs = state // 2, depth // 2
    rates = torch.exp(-math.log(10000) / (half - 1) * torch.arange(half))
    layer.query.weight.normal_(0, 0.02)
    layer.key.weight.normal_(0, 0.02)
    layer.query.bias.zero_()
    for head, offset in enumerate(offsets):
        for pair, channel in enumerate(range(0, half, half // pairs)):
            row = head * depth + 2 * pair
            cos, sin = math.cos(rates[channel] * offset), math.sin(rates[channel] * offset)
            layer.query.weight[row, channel] += gain * cos
            layer.query.weight[row, channel + half] += gain * sin
            layer.query.weight[row + 1, channel] -= gain * sin
            layer.query.weight[row + 1, channel + half] += gain * cos
            layer.key.weight[row, channel] += gain
            layer.key.weight[row + 1, channel + half] += gain


@torch.no_grad()
def initialise(model: Whisper, table: TokenTable) -> None:
    """Initial values with which the encoder learns quickly."""
    for name, parameter in model.named_parameters():
        if name.endswith("weight") and parameter.ndim == 2:
            nn.init.normal_(parameter, std=parameter.shape[1] ** -0.5 * 0.7)
    encoder, decoder = model.encoder, model.decoder
    encoder.conv1.weight.mul_(2)
    encoder.conv2.weight.mul_(2)
    for block, offsets in zip(encoder.blocks, ENCODER_OFFSETS, strict=True):
        _offset_attention(block.attn, offsets, gain=1.5)
    for block in decoder.blocks:
        _offset_attention(block.attn, DECODER_OFFSETS, gain=1.0)
    decoder.token_embedding.weight.normal_(0, 0.05)
    times = slice(table.time_zero, table.time_zero + N_TIMESTAMPS)
    decoder.token_embedding.weight[times] = 0.1 * sinusoids(N_TIMESTAMPS, DIMS.n_text_state)
    decoder.positional_embedding.copy_(0.07 * sinusoids(DIMS.n_text_ctx, DIMS.n_text_state))


def export(weights: dict[str, Tensor], table: TokenTable, path: Path, *, sharpness: float) -> None:
    """Write the network's `weights` as a checkpoint that openai-whisper's `whisper.load_model(path)` reads.

    sharpness scales all logits. Random numbers look repetitive to stock's compression-ratio rule, which then
    samples at rising temperature; a sharp model gives the same text there.
    """
    state = {k.removeprefix("whisper."): v.clone() for k, v in weights.items() if k.startswith("whisper.")}
    compact = state["decoder.token_embedding.weight"]
    full = compact[table.unk].repeat(DIMS.n_vocab, 1)
    full[torch.tensor(table.ids)] = compact[: len(table.ids)]
    state["decoder.token_embedding.weight"] = full
    state["decoder.ln.weight"] *= sharpness
    state["decoder.ln.bias"] *= sharpness
    half = {name: value.half() for name, value in state.items()}
    partial = path.with_suffix(".partial")
    torch.save({"dims": asdict(DIMS), "model_state_dict": half}, partial)
    partial.replace(path)


def from_export(path: Path, table: TokenTable, *, sharpness: float) -> dict[str, Tensor]:
    """The inverse of `export`: the network's weights from a checkpoint (without `word_head`)."""
    state: dict[str, Tensor] = torch.load(path, weights_only=True)["model_state_dict"]
    weights = {name: value.float() for name, value in state.items()}
    full = weights["decoder.token_embedding.weight"]
    unused = next(i for i in range(DIMS.n_vocab) if i not in set(table.ids))
    weights["decoder.token_embedding.weight"] = full[torch.tensor([*table.ids, unused])]
    weights["decoder.ln.weight"] /= sharpness
    weights["decoder.ln.bias"] /= sharpness
    return {f"whisper.{name}": value for name, value in weights.items()}
