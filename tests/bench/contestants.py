"""The compared engines behind one interface: load a model, encode windows, decode a fixed number of tokens."""

from collections.abc import Callable
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
import whisper
from numpy.typing import NDArray
from torch import Tensor
from whisper.decoding import DecodingOptions
from whisper.tokenizer import get_tokenizer

Mel = NDArray[np.float32]  # shape (n_windows, n_mels, 3000)


class Contestant(Protocol):
    n_mels: int

    def encode(self, mel: Mel) -> NDArray[np.float32]:
        """Features, shape (n_windows, n_audio_ctx, n_audio_state)."""

    def decode(self, mel: Mel, n_tokens: int) -> list[int]:
        """Encode and decode greedily; return the number of tokens of each window."""


def _tokenizer() -> Any:
    return get_tokenizer(multilingual=True, language="en", task="transcribe")


def _options(n_tokens: int) -> DecodingOptions:
    """Greedy decoding that can't end early."""
    return DecodingOptions(
        language="en",
        temperature=0.0,
        sample_len=n_tokens,
        without_timestamps=True,
        suppress_blank=False,
        suppress_tokens=[_tokenizer().eot],
        fp16=False,
    )


class OpenAIWhisper:
    def __init__(self, checkpoint: Path) -> None:
        self._model = whisper.load_model(str(checkpoint))
        self.n_mels = self._model.dims.n_mels

    def encode(self, mel: Mel) -> NDArray[np.float32]:
        with torch.inference_mode():
            features: Tensor = self._model.encoder(torch.from_numpy(mel))
        return features.numpy()

    def decode(self, mel: Mel, n_tokens: int) -> list[int]:
        results = whisper.decode(self._model, torch.from_numpy(mel), _options(n_tokens))
        return [len(result.tokens) for result in results]


class CTranslate2:
    """The engine of faster-whisper, called directly, without faster-whisper's overhead."""

    def __init__(self, checkpoint: Path, n_threads: int, compute_type: str = "int8") -> None:
        import ctranslate2

        from tests.bench.convert import convert

        folder = checkpoint.with_suffix(f".{compute_type}")
        if not (folder / "model.bin").exists():
            convert(checkpoint, folder, compute_type)
        self._storage = ctranslate2.StorageView
        self._model = ctranslate2.models.Whisper(
            str(folder), device="cpu", compute_type=compute_type, inter_threads=1, intra_threads=n_threads
        )
        self.n_mels = self._model.n_mels

    def encode(self, mel: Mel) -> NDArray[np.float32]:
        return np.array(self._model.encode(self._storage.from_array(mel), to_cpu=True))

    def decode(self, mel: Mel, n_tokens: int) -> list[int]:
        tokenizer = _tokenizer()
        prompt = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
        results = self._model.generate(
            self._storage.from_array(mel),
            [prompt] * len(mel),
            beam_size=1,
            max_length=2 * n_tokens,
            suppress_blank=False,
            suppress_tokens=[tokenizer.eot],
        )
        return [len(result.sequences_ids[0]) for result in results]


def prepare() -> None:
    """Compile the kernels, so that loading a model isn't charged with it."""
    from localwhisper.engine.kernels.precompile import kernel_cache

    if not kernel_cache().is_ready():
        kernel_cache().compile()


class LocalWhisper:
    def __init__(self, checkpoint: Path, quality: Any, n_threads: int) -> None:
        from localwhisper.engine.calibration import plan_selection
        from localwhisper.engine.checkpoints.checkpoint import read_checkpoint
        from localwhisper.engine.model.whisper_model import WhisperModel
        from localwhisper.engine.model_cache import release_load_memory
        from localwhisper.engine.plans import PlanStore
        from localwhisper.engine.threads import CoreBudget

        prepare()
        loaded = read_checkpoint(checkpoint, checkpoint.stem)
        self.n_mels = loaded.dims.n_mels
        self._cores = CoreBudget(n_threads)
        before = torch.get_num_threads()
        plans = PlanStore(checkpoint.with_suffix(".plans.json"))
        measured = plan_selection.stored_plan(plans, loaded, quality, "cpu")  # measured once, as in the program
        if measured is None:
            measured = plan_selection.measure_plan(loaded, quality)
            plans.save(loaded.name, quality, plan_selection.machine_key(loaded, "cpu"), measured)
        self.measured = measured
        self._model = WhisperModel(loaded, measured.plan, cores=self._cores)
        release_load_memory()
        torch.set_num_threads(before)  # for the other contestants: measuring a plan takes one

    def encode(self, mel: Mel) -> NDArray[np.float32]:
        with torch.inference_mode():
            return self._model.encoder(torch.from_numpy(mel)).numpy()

    def decode(self, mel: Mel, n_tokens: int) -> list[int]:
        """A batch on each core, as in the program."""
        from localwhisper.engine.map_ahead import map_ahead

        n_batches = min(len(mel), self._cores.total)
        batches = np.array_split(mel, n_batches)
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        if n_batches == 1:
            lengths = [self._decode_batch(mel, n_tokens)]
        else:
            lengths = list(map_ahead(self._cores, partial(self._decode_batch, n_tokens=n_tokens), batches))
        torch.set_num_threads(before)
        return list(chain.from_iterable(lengths))

    @torch.inference_mode()
    def _decode_batch(self, mel: Mel, n_tokens: int) -> list[int]:
        from localwhisper.engine.decoding import decoding_task

        encoded = [self._model.encode_audio(torch.from_numpy(window[None])) for window in mel]
        cross_kv = [self._model.cross_kv(features) for features in encoded]
        results = decoding_task(self._model, cross_kv, _options(n_tokens), lambda: None).run(torch.cat(encoded))
        return [len(result.tokens) for result in results]


def contestants(checkpoint: Path, n_threads: int) -> dict[str, Callable[[], Contestant]]:
    """Functions that load an engine, by the engine's name."""
    return {
        "openai-whisper": lambda: OpenAIWhisper(checkpoint),
        "CTranslate2 int8": lambda: CTranslate2(checkpoint, n_threads),
        "localwhisper exact": lambda: LocalWhisper(checkpoint, "exact", n_threads),
        "localwhisper fast": lambda: LocalWhisper(checkpoint, "fast", n_threads),
    }
