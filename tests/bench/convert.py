"""Converts an openai-whisper checkpoint to a CTranslate2 model, without downloading anything."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from ctranslate2.specs import WhisperSpec
from torch import Tensor
from whisper.model import ModelDimensions
from whisper.tokenizer import get_tokenizer


def convert(checkpoint: Path, folder: Path, quantization: str) -> Path:
    content = torch.load(checkpoint, map_location="cpu", weights_only=True)
    dims = ModelDimensions(**content["dims"])
    weights = {name: value.float() for name, value in content["model_state_dict"].items()}
    spec = WhisperSpec(dims.n_audio_layer, dims.n_audio_head, dims.n_text_layer, dims.n_text_head)
    _fill_encoder(spec.encoder, weights)
    _fill_decoder(spec.decoder, weights)
    spec.register_vocabulary(_vocabulary(dims))
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = []
    spec.config.lang_ids = []
    spec.config.alignment_heads = [(dims.n_text_layer - 1, 0)]
    spec.validate()
    spec.optimize(quantization=quantization)
    folder.mkdir(parents=True, exist_ok=True)
    spec.save(str(folder))
    return folder


def _vocabulary(dims: ModelDimensions) -> list[str]:
    tokenizer = get_tokenizer(multilingual=True, num_languages=dims.n_vocab - 51766, language="en", task="transcribe")
    names = [f"token{i}" for i in range(dims.n_vocab)]
    for name, number in tokenizer.special_tokens.items():
        if number < len(names):
            names[number] = name
    return names


def _fill_encoder(spec: Any, weights: Mapping[str, Tensor]) -> None:
    for name in ("conv1", "conv2"):
        conv = getattr(spec, name)
        conv.weight, conv.bias = weights[f"encoder.{name}.weight"], weights[f"encoder.{name}.bias"]
    spec.position_encodings.encodings = weights["encoder.positional_embedding"]
    _norm(spec.layer_norm, weights, "encoder.ln_post")
    for i, layer in enumerate(spec.layer):
        _fill_layer(layer, weights, f"encoder.blocks.{i}")


def _fill_decoder(spec: Any, weights: Mapping[str, Tensor]) -> None:
    spec.embeddings.weight = weights["decoder.token_embedding.weight"]
    spec.projection.weight = weights["decoder.token_embedding.weight"]
    spec.position_encodings.encodings = weights["decoder.positional_embedding"]
    _norm(spec.layer_norm, weights, "decoder.ln")
    for i, layer in enumerate(spec.layer):
        prefix = f"decoder.blocks.{i}"
        _fill_layer(layer, weights, prefix)
        _norm(layer.attention.layer_norm, weights, f"{prefix}.cross_attn_ln")
        _linear(layer.attention.linear[0], weights, f"{prefix}.cross_attn.query")
        _linear(layer.attention.linear[1], weights, f"{prefix}.cross_attn.key", f"{prefix}.cross_attn.value")
        _linear(layer.attention.linear[2], weights, f"{prefix}.cross_attn.out")


def _fill_layer(layer: Any, weights: Mapping[str, Tensor], prefix: str) -> None:
    _norm(layer.self_attention.layer_norm, weights, f"{prefix}.attn_ln")
    _linear(layer.self_attention.linear[0], weights, *(f"{prefix}.attn.{name}" for name in ("query", "key", "value")))
    _linear(layer.self_attention.linear[1], weights, f"{prefix}.attn.out")
    _norm(layer.ffn.layer_norm, weights, f"{prefix}.mlp_ln")
    _linear(layer.ffn.linear_0, weights, f"{prefix}.mlp.0")
    _linear(layer.ffn.linear_1, weights, f"{prefix}.mlp.2")


def _norm(spec: Any, weights: Mapping[str, Tensor], name: str) -> None:
    spec.gamma, spec.beta = weights[f"{name}.weight"], weights[f"{name}.bias"]


def _linear(spec: Any, weights: Mapping[str, Tensor], *names: str) -> None:
    matrices = [weights[f"{name}.weight"] for name in names]
    spec.weight = torch.cat(matrices)
    biases = [weights.get(f"{name}.bias", torch.zeros(len(m))) for name, m in zip(names, matrices, strict=True)]
    spec.bias = torch.cat(biases)
