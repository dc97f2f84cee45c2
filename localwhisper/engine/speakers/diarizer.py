"""Who speaks when: chunks of 10 s, each with up to three local speakers, whose voiceprints are grouped into people.

As pyannote's pipeline does it, with CAM++ for the voiceprints, chunks that overlap by half, and a grouping that takes
neither much time nor memory for many hours. Figures: docs/speakers.md.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor
from whisper.audio import FRAMES_PER_SECOND

from localwhisper.engine.pcm_spool import PcmSpool
from localwhisper.engine.speakers.chunk_file import Chunk, ChunkFile
from localwhisper.engine.speakers.clustering import centroid
from localwhisper.engine.speakers.people import SPEAKS, STEP_SAMPLES, People
from localwhisper.engine.speakers.segmentation import (
    CHUNK_SAMPLES,
    FIRST_FRAME_SAMPLE,
    FRAME_SAMPLES,
    N_LOCAL,
    SAMPLE_RATE,
    SegmentationNet,
)
from localwhisper.engine.speakers.turns import Span, spans_of
from localwhisper.engine.speakers.voiceprint import FilterBanks, VoiceprintNet
from localwhisper.engine.vad import VoiceActivity
from localwhisper.jobs.transcript import Diarization, Turn

WEIGHTS = Path(__file__).parents[2] / "assets" / "speakers"
FRAME_S = FRAME_SAMPLES / SAMPLE_RATE
FIRST_FRAME_S = FIRST_FRAME_SAMPLE / SAMPLE_RATE
CHUNKS_AT_ONCE = 4
LEAST_ALONE_S = 0.3  # of one person alone, for a voiceprint
GROWTH = 1.1  # of the number of chunks, after which people are grouped anew while a recording is still read
MOST_FEATURES = 500  # frames of 10 ms: more would take longer and hardly change a voiceprint


class Diarizer(Protocol):
    """Threading: SAFE."""

    def diarize(
        self,
        pcm: PcmSpool,
        vad: VoiceActivity,
        *,
        minimum: int = 1,
        maximum: int | None = None,
        check: Callable[[], None],
        progress: Callable[[float], None] = lambda _: None,
        file: Path | None = None,
    ) -> Diarization:
        """Find the speakers of a recording, at least `minimum` and at most `maximum` where there are as many voices.

        `vad`: of the recording; `check` is called several times a second, and may raise; `progress` gets the seconds
        of audio done. `file`: where what is computed is kept until the search ends; a search that was interrupted
        continues from it. Raises what `check` raises.
        """


class NeuralDiarizer:
    """A Diarizer. Its networks are read at the first use. Threading: SAFE."""

    def __init__(self, weights: Path = WEIGHTS) -> None:
        self._segmentation = SegmentationNet(_weights(weights / "segmentation.safetensors"))
        self._voiceprint = VoiceprintNet(_weights(weights / "voiceprint.safetensors"))
        self._filter_banks = FilterBanks()

    def diarize(
        self,
        pcm: PcmSpool,
        vad: VoiceActivity,
        *,
        minimum: int = 1,
        maximum: int | None = None,
        check: Callable[[], None],
        progress: Callable[[float], None] = lambda _: None,
        file: Path | None = None,
    ) -> Diarization:
        """See Diarizer."""
        return OpenDiarization(self, pcm, vad, check=check, file=file).finish(minimum, maximum, progress)

    def voiceprints(
        self, pcm: PcmSpool, spans: Mapping[str, Sequence[tuple[float, float]]], check: Callable[[], None]
    ) -> dict[str, tuple[float, ...]]:
        """See Diarizer."""
        with torch.inference_mode():
            return {speaker: self._voiceprint_of(pcm, own, check) for speaker, own in spans.items()}

    def _voiceprint_of(
        self, pcm: PcmSpool, spans: Sequence[tuple[float, float]], check: Callable[[], None]
    ) -> tuple[float, ...]:
        prints = []
        for start, end in spans:
            check()
            samples = torch.from_numpy(pcm.samples(round(start * SAMPLE_RATE), round(end * SAMPLE_RATE)))
            prints.append(self._voiceprint(self._filter_banks(samples)[None, :MOST_FEATURES])[0])
        seconds = np.array([end - start for start, end in spans], np.float32)
        return tuple(centroid(torch.stack(prints).numpy(), seconds).tolist())

    def chunks(
        self, pcm: PcmSpool, vad: VoiceActivity, numbers: Iterable[int], check: Callable[[], None]
    ) -> Iterator[tuple[int, Chunk]]:
        """Each of the chunks with these numbers in which somebody may speak, with its number."""
        numbers = [number for number in numbers if _is_spoken_in(vad, number)]
        for first in range(0, len(numbers), CHUNKS_AT_ONCE):
            check()
            block = numbers[first : first + CHUNKS_AT_ONCE]
            starts = [number * STEP_SAMPLES for number in block]
            samples = torch.stack([torch.from_numpy(pcm.samples(start, start + CHUNK_SAMPLES)) for start in starts])
            for number, chunk, activity in zip(block, samples, self._segmentation(samples), strict=True):
                yield number, self._chunk(chunk, activity, check)

    def _chunk(self, samples: Tensor, activity: Tensor, check: Callable[[], None]) -> Chunk:
        """The chunk with a voiceprint of each local speaker, made from where that one speaks alone."""
        speaks = activity > SPEAKS
        alone = speaks & (speaks.sum(1, keepdim=True) == 1)
        voiceprints, alone_s = [], []
        features = None
        for local in range(N_LOCAL):
            check()
            seconds = float(alone[:, local].sum()) * FRAME_S
            if seconds < LEAST_ALONE_S:
                voiceprints.append(torch.zeros(VoiceprintNet.size))
                alone_s.append(0.0)
                continue
            features = self._filter_banks(samples) if features is None else features
            spoken = features[_at_frames(alone[:, local], len(features))][:MOST_FEATURES]
            voiceprints.append(self._voiceprint(spoken[None])[0])
            alone_s.append(seconds)
        return Chunk(activity.half().numpy(), torch.stack(voiceprints).numpy(), np.array(alone_s, np.float32))


class OpenDiarization:
    """A diarization that advances while its recording is transcribed. Threading: one thread at a time.

    Methods raise what `check` raises, which is called several times a second.
    """

    def __init__(
        self,
        diarizer: NeuralDiarizer,
        pcm: PcmSpool,
        vad: VoiceActivity,
        *,
        check: Callable[[], None],
        file: Path | None = None,
    ) -> None:
        """`file`: see Diarizer.diarize()."""
        self._diarizer = diarizer
        self._pcm = pcm
        self._vad = vad
        self._check = check
        self._kept = ChunkFile(file, pcm.n_samples)
        self._chunks = self._kept.read()
        self._n_chunks = -(-max(pcm.n_samples - CHUNK_SAMPLES, 0) // STEP_SAMPLES) + 1
        self._people: People | None = None  # when so many chunks were known:
        self._n_grouped = 0

    def turns(self, start_s: float, end_s: float, maximum: int | None) -> list[Turn]:
        """Who speaks in a part of the recording, as far as can be said from what is before its end: who is whom, and in
        which order, may change later."""
        first = round(start_s * SAMPLE_RATE) // STEP_SAMPLES
        end = min(-(-round(end_s * SAMPLE_RATE) // STEP_SAMPLES), self._n_chunks)
        new = self._compute(range(max(first - 1, 0), end))
        people = self._people
        are_known = people is not None and all(people.add(number, self._chunks[number]) for number in new)
        if people is None or not are_known or len(self._chunks) > GROWTH * self._n_grouped:
            people = self._people = People(self._chunks, 1, maximum, self._check)
            self._n_grouped = len(self._chunks)
        first_s = FIRST_FRAME_S + first * STEP_SAMPLES / SAMPLE_RATE
        return _turns(self._spoken(people, first, first_s), people.in_order())

    def finish(self, minimum: int, maximum: int | None, progress: Callable[[float], None]) -> Diarization:
        """The diarization of the whole recording; its file is removed. `progress` gets the seconds of audio done."""
        self._compute(range(self._n_chunks), progress)
        found = self._spoken(People(self._chunks, minimum, maximum, self._check), 0, FIRST_FRAME_S)
        self._kept.remove()
        return Diarization(turns=tuple(_turns(found, dict.fromkeys(person for *_, person in found))))

    def _compute(self, numbers: Iterable[int], progress: Callable[[float], None] = lambda _: None) -> list[int]:
        """Compute those of the chunks that aren't done; returns their numbers."""
        new: list[int] = []
        missing = [number for number in numbers if number not in self._chunks]
        with torch.inference_mode():
            for number, chunk in self._diarizer.chunks(self._pcm, self._vad, missing, self._check):
                self._chunks[number] = chunk
                self._kept.append(number, chunk)
                new.append(number)
                progress(min(number * STEP_SAMPLES + CHUNK_SAMPLES, self._pcm.n_samples) / SAMPLE_RATE)
        return new

    def _spoken(self, people: People, first: int, first_s: float) -> list[Span]:
        """The turns of people from a chunk on, which begins at `first_s`; but those in which no speech is heard."""
        heard = [(span.start / FRAMES_PER_SECOND, span.end / FRAMES_PER_SECOND) for span in self._vad.utterances()]
        spans = spans_of(people.activity(self._check, first), first_s, FRAME_S)
        return [span for span in spans if any(start < span[1] and span[0] < end for start, end in heard)]


def _turns(spans: Iterable[Span], order: Iterable[int]) -> list[Turn]:
    """`order`: of the people's ids."""
    ids = {person: f"S{rank}" for rank, person in enumerate(order, start=1)}
    return [Turn(start=round(start, 3), end=round(end, 3), speaker=ids[person]) for start, end, person in spans]


def _weights(file: Path) -> dict[str, Tensor]:
    return {name: tensor.float() for name, tensor in load_file(file).items()}


def _is_spoken_in(vad: VoiceActivity, number: int) -> bool:
    start = number * STEP_SAMPLES * FRAMES_PER_SECOND // SAMPLE_RATE
    window = vad.speech(start, 1)
    return window is not None and window.seek < start + CHUNK_SAMPLES * FRAMES_PER_SECOND // SAMPLE_RATE


def _at_frames(mask: Tensor, n_features: int) -> Tensor:
    """A mask of the segmentation's frames as one of the filter banks' frames, by the frames' centres."""
    centres = FilterBanks.first_centre + FilterBanks.step * torch.arange(n_features)
    frames = ((centres - FIRST_FRAME_SAMPLE) // FRAME_SAMPLES).clamp(0, len(mask) - 1)
    return mask[frames]
