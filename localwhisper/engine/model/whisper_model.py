"""A checkpoint ready to compute: encoder, decoder, and what whisper's own functions ask of a model."""

from collections.abc import Callable, Sequence
from types import SimpleNamespace

import torch
from torch import Tensor
from whisper.decoding import detect_language

from localwhisper.engine.calibration.plan_store import Plan
from localwhisper.engine.checkpoints.checkpoint import Checkpoint
from localwhisper.engine.model import logits
from localwhisper.engine.model.attention import ATTENTIONS
from localwhisper.engine.model.continuous_batching import ContinuousBatcher
from localwhisper.engine.model.cross_kv import CrossKeysValues
from localwhisper.engine.model.decode_state import DecodeState
from localwhisper.engine.model.decoder import Decoder, Step
from localwhisper.engine.model.encoder import Encoder
from localwhisper.engine.model.layers import Weights
from localwhisper.engine.model.linear_formats import BYTES, FORMATS, numbers
from localwhisper.engine.threads import MAX_PARTS, CoreBudget
from localwhisper.jobs.model import Detection


def size_bytes(checkpoint: Checkpoint, plan: Plan) -> int:
    """What the weights take in memory, about: the small tensors stay in single precision."""
    return sum(
        tensor.numel() * BYTES[plan.encoder if name.startswith("encoder.") else plan.decoder]
        for name, tensor in checkpoint.tensors.items()
    )


class WhisperModel:
    """Nothing of its weights changes once it is built. Threading: SAFE."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        plan: Plan,
        check: Callable[[], None] = lambda: None,
        cores: CoreBudget | None = None,
    ) -> None:
        """`check` may raise between layers. `cores`: those that it shares with others."""
        self.plan = plan
        self.device = torch.device(plan.device)
        self.dims = checkpoint.dims
        weights = Weights(checkpoint, self.device, check)
        sound = weights.part("encoder", numbers(plan.encoder))
        self.encoder = Encoder(self.dims, sound, FORMATS[plan.encoder], ATTENTIONS[plan.attention])
        text = weights.part("decoder", numbers(plan.decoder))
        project = logits.FORMATS[plan.logits](text)
        formats = (FORMATS[plan.decoder], FORMATS[plan.cross])
        self.decoder = Decoder(self.dims, text, *formats, project, getattr(torch, plan.audio))
        if plan.device == "cpu":
            self._cores = cores or CoreBudget()
            self.batch = ContinuousBatcher(self.decoder, self._cores, -(-self._cores.total // MAX_PARTS))
        else:  # has its own queue of what all want of it; what is left to a decode's thread is too little to divide
            self._cores = CoreBudget(1)
            self.batch = ContinuousBatcher(self.decoder, CoreBudget(1), None)
        self.alignment_heads = checkpoint.alignment_heads()
        self.size_bytes = size_bytes(checkpoint, plan)
        # as whisper.model.Whisper counts them
        self.is_multilingual = self.dims.n_vocab >= 51865
        self.num_languages = self.dims.n_vocab - 51765 - int(self.is_multilingual)

    def encode(self, mel: Tensor, check: Callable[[], None] = lambda: None) -> tuple[Tensor, CrossKeysValues]:
        """Log-mel of windows, shape (n, n_mels, n_frames) → features, shape (n, n_frames / 2, n_audio_state), and what
        the decoder reads of them. `check` may raise between layers."""
        with self._cores.encoding():
            features = self.encoder(mel.to(self.device), check)
            return features, self.decoder.cross(features, check)

    @torch.inference_mode()
    def warm_up(self) -> None:
        """Some tokens of nearly nothing, as a window begins and goes on: what is compiled is compiled now, and what a
        device can't compute is found out."""
        state = self.state(torch.zeros(1, 2, self.dims.n_audio_state, device=self.device))
        for n_new in (2, 1):
            self.decoder([Step(torch.zeros(1, n_new, dtype=torch.long), state)])

    def state(self, features: Tensor, n_group: int = 1, check: Callable[[], None] = lambda: None) -> DecodeState:
        """Of decodes that begin, on encoded audio of shape (n_audio, n_audio_ctx, n_audio_state)."""
        return DecodeState(self.decoder.cross(features, check), self.dims.n_text_ctx, n_group)

    def logits(self, tokens: Tensor, features: Tensor) -> Tensor:
        """Of every token at once, as whisper's: (n, n_tokens) → (n, n_tokens, n_vocab)."""
        wanted: Sequence[int] = range(tokens.shape[1])
        return self.decoder([Step(tokens, self.state(features), wanted)])[0]

    def detect_language(self, features: Tensor) -> Detection:
        """The most probable language of a window, features of shape (n_audio_ctx, n_audio_state)."""
        _, probabilities = detect_language(self.as_whisper_module(), features)
        language = str(max(probabilities, key=probabilities.__getitem__))
        return Detection(language=language, probability=float(probabilities[language]))

    def as_whisper_module(self) -> SimpleNamespace:
        """What whisper's decoding reads of a model. No blocks: its own inference finds nothing to hook itself to."""
        return SimpleNamespace(
            dims=self.dims,
            is_multilingual=self.is_multilingual,
            num_languages=self.num_languages,
            device=torch.device("cpu"),
            encoder=self.encoder,
            logits=self.logits,
            decoder=SimpleNamespace(blocks=()),
        )
