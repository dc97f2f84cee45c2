"""The local speakers of chunks, grouped into people."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from localwhisper.engine.speakers.chunk_file import Chunk
from localwhisper.engine.speakers.clustering import SAME_VOICE, centroid, speakers_of
from localwhisper.engine.speakers.segmentation import FRAME_SAMPLES, N_FRAMES, N_LOCAL
from localwhisper.engine.speakers.voiceprint import VoiceprintNet

STEP_FRAMES = 296  # from one chunk to the next: half a chunk, so that each moment is heard in two
STEP_SAMPLES = STEP_FRAMES * FRAME_SAMPLES
SPEAKS = 0.5  # probability
ENOUGH_ALONE_S = 1.5  # for a voiceprint that is grouped; those of less are assigned to a group
WINDOW = np.hamming(N_FRAMES).astype(np.float32)[:, None]  # what is near a chunk's edges counts less


class People:
    """The local speakers of all chunks, grouped."""

    def __init__(
        self, chunks: Mapping[int, Chunk], minimum: int, maximum: int | None, check: Callable[[], None]
    ) -> None:
        """`chunks`: by their numbers."""
        self._chunks = dict(sorted(chunks.items()))
        self._people: dict[int, NDArray[np.int64]] = {}
        numbers = list(self._chunks)
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

    def add(self, number: int, chunk: Chunk) -> bool:
        """Assign the local speakers of a later chunk to these people; False if one of them is nobody of these."""
        self._chunks[number] = chunk
        if not len(self.centroids):
            return False
        similarities = chunk.voiceprints @ self.centroids.T
        nearest = similarities.argmax(1)
        self._people[number] = np.where(chunk.alone_s > 0, nearest, -1)
        return bool((similarities.max(1) >= SAME_VOICE)[chunk.alone_s >= ENOUGH_ALONE_S].all())

    def in_order(self) -> list[int]:
        """The people in the order in which they are first heard."""
        heard: dict[int, None] = {}
        for number, people in self._people.items():
            for local in (self._chunks[number].activity > SPEAKS).argmax(0).argsort():
                if people[local] >= 0:
                    heard.setdefault(int(people[local]))
        return list(heard)

    def activity(self, check: Callable[[], None], first: int = 0) -> Iterator[NDArray[np.bool_]]:
        """Who speaks in each frame, shape (n_frames, n_people), in pieces. `first`: the chunk with which they begin."""
        n_people = len(self.centroids)
        nothing = np.zeros((N_FRAMES, n_people + 2), np.float32)
        before = self._weighed(first - 1) if first - 1 in self._chunks else nothing
        for number in range(first, max(self._chunks, default=-1) + 2):
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
