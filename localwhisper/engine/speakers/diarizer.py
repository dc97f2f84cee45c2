"""Who speaks when: chunks of 10 s, each with up to three local speakers, whose voiceprints are grouped into people.

As pyannote's pipeline does it, with CAM++ for the voiceprints, chunks that overlap by half, and a grouping that takes
neither much time nor memory for many hours. Figures: docs/speakers.md.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor
from whisper.audio import FRAMES_PER_SECOND

from localwhisper.engine.pcm_spool import PcmSpool
from localwhisper.engine.speakers.chunk_file import Chunk, ChunkFile
from localwhisper.engine.speakers.clustering import centroid, speakers_of
from localwhisper.engine.speakers.segmentation import (
    CHUNK_SAMPLES,
    FIRST_FRAME_SAMPLE,
    FRAME_SAMPLES,
    N_FRAMES,
    N_LOCAL,
    SAMPLE_RATE,
    SegmentationNet,
)
from localwhisper.engine.speakers.turns import spans_of
from localwhisper.engine.speakers.voiceprint import FilterBanks, VoiceprintNet
from localwhisper.engine.vad import VoiceActivity
from localwhisper.jobs.transcript import Diarization, Turn

WEIGHTS = Path(__file__).parents[2] / "assets" / "speakers"
FRAME_S = FRAME_SAMPLES / SAMPLE_RATE
STEP_FRAMES = 296  # from one chunk to the next: half a chunk, so that each moment is heard in two
STEP_SAMPLES = STEP_FRAMES * FRAME_SAMPLES
CHUNKS_AT_ONCE = 4
SPEAKS = 0.5  # probability
LEAST_ALONE_S = 0.3  # of one person alone, for a voiceprint
ENOUGH_ALONE_S = 1.5  # for one that is grouped; those of less are assigned to a group
MOST_FEATURES = 500  # frames of 10 ms: more would take longer and hardly change a voiceprint
WINDOW = np.hamming(N_FRAMES).astype(np.float32)[:, None]  # what is near a chunk's edges counts less


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
        kept = ChunkFile(file, pcm.n_samples)
        chunks = kept.read()
        with torch.inference_mode():
            for number, chunk in self._chunks(pcm, vad, chunks.keys(), check):
                chunks[number] = chunk
                kept.append(number, chunk)
                progress(min(number * STEP_SAMPLES + CHUNK_SAMPLES, pcm.n_samples) / SAMPLE_RATE)
        people = _People(dict(sorted(chunks.items())), minimum, maximum, check)
        spoken = [(span.start / FRAMES_PER_SECOND, span.end / FRAMES_PER_SECOND) for span in vad.utterances()]
        found = [
            (start, end, person)
            for start, end, person in spans_of(people.activity(check), FIRST_FRAME_SAMPLE / SAMPLE_RATE, FRAME_S)
            if any(first < end and start < last for first, last in spoken)
        ]
        order = {person: f"S{rank}" for rank, person in enumerate(dict.fromkeys(person for *_, person in found), 1)}
        turns = (Turn(start=round(start, 3), end=round(end, 3), speaker=order[each]) for start, end, each in found)
        kept.remove()
        return Diarization(turns=tuple(turns))

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

    def _chunks(
        self, pcm: PcmSpool, vad: VoiceActivity, done: Collection[int], check: Callable[[], None]
    ) -> Iterator[tuple[int, Chunk]]:
        """Each chunk in which somebody may speak, with its number, but those that are done."""
        n_chunks = -(-max(pcm.n_samples - CHUNK_SAMPLES, 0) // STEP_SAMPLES) + 1
        numbers = [number for number in range(n_chunks) if number not in done and _is_spoken_in(vad, number)]
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


class _People:
    """The local speakers of all chunks, grouped."""

    def __init__(self, chunks: dict[int, Chunk], minimum: int, maximum: int | None, check: Callable[[], None]) -> None:
        self._chunks = chunks
        numbers = list(chunks)
        if not numbers:
            self.centroids = np.zeros((0, VoiceprintNet.size), np.float32)
            return
        prints = np.concatenate([chunks[number].voiceprints for number in numbers])
        seconds = np.concatenate([chunks[number].alone_s for number in numbers])
        is_grouped = seconds >= min(ENOUGH_ALONE_S, float(seconds.max(initial=0.0)))
        is_grouped &= seconds > 0
        hearings = np.repeat([2 if number in (numbers[0], numbers[-1]) else 1 for number in numbers], N_LOCAL)
        groups = speakers_of(
            prints[is_grouped],
            seconds[is_grouped],
            hearings=hearings[is_grouped],  # what is said at either end is in one chunk alone
            minimum=minimum,
            maximum=maximum,
            check=check,
        )
        self.centroids = np.stack(
            [
                centroid(prints[is_grouped][groups == person], seconds[is_grouped][groups == person])
                for person in range(groups.max(initial=-1) + 1)
            ]
            or [np.zeros(VoiceprintNet.size, np.float32)]
        )
        people = (prints @ self.centroids.T).argmax(1)
        people[is_grouped] = groups
        people[seconds == 0] = -1
        self._people = dict(zip(numbers, people.reshape(-1, N_LOCAL), strict=True))

    def activity(self, check: Callable[[], None]) -> Iterator[NDArray[np.bool_]]:
        """Who speaks in each frame, shape (n_frames, n_people), in pieces."""
        n_people = len(self.centroids)
        nothing = np.zeros((N_FRAMES, n_people + 2), np.float32)
        before, last = nothing, max(self._chunks, default=-1)
        for number in range(last + 2):
            check()
            now = self._weighed(number) if number in self._chunks else nothing
            total = now[:STEP_FRAMES].copy()
            total[: N_FRAMES - STEP_FRAMES] += before[STEP_FRAMES:]
            scores = total[:, :n_people] / np.maximum(total[:, -1:], 1e-6)
            n_speaking = np.rint(total[:, -2] / np.maximum(total[:, -1], 1e-6))
            ranks = (-scores).argsort(1).argsort(1)
            yield (ranks < n_speaking[:, None]) & (scores > 0)
            before = now

    def _weighed(self, number: int) -> NDArray[np.float32]:
        """Columns: each person's probability, the number of speakers, 1; all multiplied by WINDOW."""
        activity = self._chunks[number].activity.astype(np.float32)
        columns = np.zeros((N_FRAMES, len(self.centroids) + 2), np.float32)
        for local, person in enumerate(self._people[number]):
            if person >= 0:
                columns[:, person] = np.maximum(columns[:, person], activity[:, local])
        columns[:, -2] = columns[:, :-2].sum(1)
        columns[:, -1] = 1.0
        weighed: NDArray[np.float32] = columns * WINDOW
        return weighed
