"""Plans: in which formats a model computes. Which of them a machine takes is calibration.py's subject."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Names of linears.FORMATS for each part, and of a torch type for the encoder's attention."""

    encoder: str
    decoder: str
    cross: str  # the projection of a window's features to the decoder's keys and values
    attention: str = "float32"
    device: str = "cpu"

    @property
    def name(self) -> str:
        parts = dict.fromkeys((self.encoder, self.decoder))
        return " + ".join(parts) + ("" if self.device == "cpu" else f" on {self.device}")


REFERENCE = Plan(encoder="float32", decoder="float32", cross="float32")  # openai-whisper's own arithmetic on a CPU
