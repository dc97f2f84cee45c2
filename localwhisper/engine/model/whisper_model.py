"""A checkpoint ready to compute: encoder, decoder, and what whisper's own functions ask of a model."""

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace

import torch
from torch import Tensor
from whisper.decoding import detect_language
from whisper.tokenizer import get_tokenizer

from localwhisper.engine.checkpoints.checkpoint import Checkpoint
from localwhisper.engine.model.continuous_batching import ContinuousBatcher
from localwhisper.engine.model.cross_kv import CrossKeysValues
from localwhisper.engine.model.decode_state import DecodeState
from localwhisper.engine.model.decoder import Decoder, Step
from localwhisper.engine.model.encoder import Encoder
from localwhisper.engine.model.linear_formats import FORMATS
from localwhisper.engine.model.weights import VOCABULARY, Weights
from localwhisper.engine.plans import Plan
from localwhisper.engine.threads import CoreBudget
from localwhisper.jobs.transcript import Detection

MAX_THREADS = 1 << 10  # that use a GPU at the same time


def size_bytes(checkpoint: Checkpoint, plan: Plan) -> int:
    """The approximate size of the weights in memory: small tensors that stay in float32 are counted like the others."""
    encoder, decoder = FORMATS[plan.encoder], FORMATS[plan.decoder]
    return sum(
        checkpoint.n_elements(name) * (encoder if name.startswith("encoder.") else decoder).weight_bytes
        for name in checkpoint.tensors
    )


class WhisperModel:
    """Immutable. Threading: SAFE."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        plan: Plan,
        check: Callable[[], None] = lambda: None,
        cores: CoreBudget | None = None,
    ) -> None:
        """`check` may raise between layers. `cores`: shared with other models."""
        cores = cores or CoreBudget()
        self.plan = plan
        self.device = torch.device(plan.device)
        self.dims = checkpoint.dims
        encoder, decoder = FORMATS[plan.encoder], FORMATS[plan.decoder]
        if plan.device != "cpu":  # the GPU queues the work of all threads, and no decode waits for another
            cores = CoreBudget(MAX_THREADS, is_divided=False)
        self._cores = cores
        weights = Weights(checkpoint, self.device, cores.team, check)
        text = weights.part("decoder", decoder.activations)
        vocabulary = cores.team.start(partial(text.linear, decoder, VOCABULARY))
        # as whisper.model.Whisper counts them
        self.is_multilingual = self.dims.n_vocab >= 51865
        self.num_languages = self.dims.n_vocab - 51765 - int(self.is_multilingual)
        cores.team.start(partial(get_tokenizer, self.is_multilingual, num_languages=self.num_languages))  # cached
        audio = weights.part("encoder", encoder.activations)
        started_encoder = cores.team.start(partial(Encoder, self.dims, audio, encoder))
        self.decoder = Decoder(self.dims, text, decoder, encoder, vocabulary)
        self.encoder = started_encoder()
        self.batcher = ContinuousBatcher(self.decoder, cores)
        self.alignment_heads = checkpoint.alignment_heads()
        self.size_bytes = size_bytes(checkpoint, plan)

    def encode_audio(self, mel: Tensor, check: Callable[[], None] = lambda: None) -> Tensor:
        """Encode the log-mel of windows, shape (n, n_mels, n_frames), to features, shape (n, n_frames / 2,
        n_audio_state). `check` may raise between layers."""
        cores = self._cores

        def check_and_give_way() -> None:
            check()
            cores.give_way(check)

        with cores.core(check):
            return self.encoder(mel.to(self.device), check_and_give_way)

    def cross_kv(self, features: Tensor, check: Callable[[], None] = lambda: None) -> CrossKeysValues:
        """Compute the cross-attention keys and values of features. `check` may raise between layers."""
        with self._cores.core(check):
            return self.decoder.compute_cross_kv(features, check)

    @torch.inference_mode()
    def warm_up(self) -> None:
        """Decode some tokens, as a window begins and continues: kernels are loaded, and a device's faults show."""
        state = self.new_state(torch.zeros(1, 2, self.dims.n_audio_state, device=self.device))
        for n_new in (2, 1):
            self.decoder([Step(torch.zeros(1, n_new, dtype=torch.long), state)])

    def new_state(self, features: Tensor, n_group: int = 1) -> DecodeState:
        """Create a state for decoding from the start, over features of shape (n_audio, n_audio_ctx, n_audio_state)."""
        return DecodeState(self.decoder.compute_cross_kv(features), self.dims.n_text_ctx, n_group)

    def logits(self, tokens: Tensor, features: Tensor) -> Tensor:
        """whisper's Whisper.logits: (n, n_tokens) → (n, n_tokens, n_vocab)."""
        return self.decoder([Step(tokens, self.new_state(features), range(tokens.shape[1]))])[0]

    def detect_language(self, features: Tensor) -> Detection:
        """The language of windows, by their mean probabilities. `features`: shape (n_windows, n_ctx, n_state)."""
        module = self.as_whisper_module()
        module.encoder = lambda features: features  # whisper takes those of less than 30 s for spectrograms
        _, by_window = detect_language(module, features)
        means = {language: sum(window[language] for window in by_window) / len(by_window) for language in by_window[0]}
        language = max(means, key=means.__getitem__)
        return Detection(language=str(language), probability=float(means[language]))

    def as_whisper_module(self) -> SimpleNamespace:
        """The attributes of a model that whisper's decoding reads; no blocks, so that whisper installs no hooks."""
        return SimpleNamespace(
            dims=self.dims,
            is_multilingual=self.is_multilingual,
            num_languages=self.num_languages,
            device=torch.device("cpu"),
            encoder=self.encoder,
            logits=self.logits,
            decoder=SimpleNamespace(blocks=()),
        )
