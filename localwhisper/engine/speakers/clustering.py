"""Which voiceprints belong to one person: average-linkage clustering by cosine similarity.

The mean similarity of two groups of unit vectors is the product of their means, so no matrix of all pairs is needed,
and the nearest-neighbour chain (Murtagh 1983) takes O(n²) time and O(n) memory.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SAME_VOICE = 0.48  # mean similarity above which two groups are one person
MIN_SPEAKER_S = 1.5  # of speech; who speaks less than that in all is taken for one of the others
MIN_HEARINGS = 2  # a voiceprint that is like no other is more often a mixture of two voices than a person


class Merge(NamedTuple):
    similarity: float
    one: int
    other: int


def speakers_of(
    voiceprints: NDArray[np.float32],
    seconds: NDArray[np.float32],
    *,
    hearings: NDArray[np.int64] | None = None,
    minimum: int = 1,
    maximum: int | None = None,
    check: Callable[[], None] = lambda: None,
) -> NDArray[np.int64]:
    """The number of each voiceprint's speaker, from 0, shape (n,).

    `voiceprints`: unit vectors, shape (n, size); `seconds`: of speech that each was made from; `hearings`: as how many
    each counts towards MIN_HEARINGS, by default as enough. `minimum` and `maximum`: of speakers; fewer are found where
    there aren't as many voiceprints.
    """
    n = len(voiceprints)
    if n == 0:
        return np.zeros(0, np.int64)
    merges = sorted(_merges(voiceprints, seconds, check), reverse=True)
    if hearings is None:
        hearings = np.full(n, MIN_HEARINGS)
    n_merges = _cut(merges, _Groups(seconds, hearings), minimum, n if maximum is None else maximum)
    groups = _Groups(seconds, hearings)
    for merge in merges[:n_merges]:
        groups.merge(merge)
    return _without_small(groups, voiceprints, seconds, minimum)


def _merges(voiceprints: NDArray[np.float32], seconds: NDArray[np.float32], check: Callable[[], None]) -> list[Merge]:
    """All n - 1 merges; each names one voiceprint of either group."""
    means, weights = voiceprints.copy(), seconds.astype(np.float32)
    members = np.arange(len(voiceprints))  # one voiceprint of each group
    n = len(voiceprints)  # groups: the first n rows
    merges: list[Merge] = []
    chain: list[int] = []
    while n > 1:
        check()
        if not chain:
            chain = [0]
        similarities = means[:n] @ means[chain[-1]]
        similarities[chain[-1]] = -np.inf
        nearest = int(similarities.argmax())
        if len(chain) < 2 or similarities[chain[-2]] < similarities[nearest]:
            chain.append(nearest)
            continue
        one, other = sorted((chain.pop(), chain.pop()))
        both = weights[one] + weights[other]
        merges.append(Merge(float(means[one] @ means[other]), int(members[one]), int(members[other])))
        means[one] = (weights[one] * means[one] + weights[other] * means[other]) / both
        weights[one] = both
        n -= 1  # the last group takes the place of the one that is gone
        means[other], weights[other], members[other] = means[n], weights[n], members[n]
        chain = [other if group == n else group for group in chain]
    return merges


def _cut(merges: Sequence[Merge], groups: "_Groups", minimum: int, maximum: int) -> int:
    """How many of the merges, most similar first, are made: those of one voice, and more or fewer for the bounds."""
    n_speakers = [groups.n_large]
    for merge in merges:
        groups.merge(merge)
        n_speakers.append(groups.n_large)
    wanted = sum(merge.similarity >= SAME_VOICE for merge in merges)

    def cost(n_merges: int) -> tuple[int, int]:
        outside = max(minimum - n_speakers[n_merges], n_speakers[n_merges] - maximum, 0)
        return outside, abs(n_merges - wanted)

    return min(range(len(n_speakers)), key=cost)


class _Groups:
    """Union-find, which counts the groups that are large enough for a person."""

    def __init__(self, seconds: NDArray[np.float32], hearings: NDArray[np.int64]) -> None:
        self._parents = list(range(len(seconds)))
        self._seconds: list[float] = seconds.tolist()
        self._hearings: list[int] = hearings.tolist()
        self._least_s = min(MIN_SPEAKER_S, sum(self._seconds) / 4)
        self.n_large = sum(map(self.is_large, self._parents))

    def is_large(self, root: int) -> bool:
        return self._seconds[root] >= self._least_s and self._hearings[root] >= MIN_HEARINGS

    def root(self, number: int) -> int:
        while self._parents[number] != number:
            self._parents[number] = self._parents[self._parents[number]]
            number = self._parents[number]
        return number

    def merge(self, merge: Merge) -> None:
        one, other = self.root(merge.one), self.root(merge.other)
        self.n_large -= self.is_large(one) + self.is_large(other)
        self._parents[other] = one
        self._seconds[one] += self._seconds[other]
        self._hearings[one] += self._hearings[other]
        self.n_large += self.is_large(one)


def _without_small(
    groups: _Groups, voiceprints: NDArray[np.float32], seconds: NDArray[np.float32], minimum: int
) -> NDArray[np.int64]:
    """The number of each voiceprint's group, from 0; those of groups that are too small get the nearest large one's."""
    roots = np.array([groups.root(number) for number in range(len(seconds))])
    totals = np.bincount(roots, seconds)
    largest = sorted(set(roots.tolist()), key=lambda root: -totals[root])
    large = [root for rank, root in enumerate(largest) if groups.is_large(root) or rank < minimum] or largest[:1]
    centroids = np.stack([centroid(voiceprints[roots == root], seconds[roots == root]) for root in large])
    nearest = (voiceprints @ centroids.T).argmax(1)
    numbers = {root: rank for rank, root in enumerate(large)}
    return np.array([numbers.get(root, near) for root, near in zip(roots.tolist(), nearest.tolist(), strict=True)])


def centroid(voiceprints: NDArray[np.float32], seconds: NDArray[np.float32]) -> NDArray[np.float32]:
    """The unit vector of a group."""
    mean = (voiceprints * seconds[:, None]).sum(0)
    unit: NDArray[np.float32] = mean / max(float(np.linalg.norm(mean)), 1e-9)
    return unit
