"""Who speaks when, on real recordings; and the grouping of voiceprints alone."""

import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from localwhisper.engine.pcm_spool import PcmSpool
from localwhisper.engine.silero import SileroVad
from localwhisper.engine.speakers.chunk_file import Chunk, ChunkFile
from localwhisper.engine.speakers.clustering import speakers_of
from localwhisper.engine.speakers.diarizer import NeuralDiarizer, OpenDiarization
from localwhisper.engine.speakers.turns import spans_of
from localwhisper.engine.vad import voice_activity
from localwhisper.engine.whisper_engine import WhisperEngine
from localwhisper.errors import Stopped
from localwhisper.jobs.known_voices import SAME_PERSON, similarity
from localwhisper.jobs.transcript import Diarization
from localwhisper.messages import Message
from localwhisper.options import Options
from tests.accuracy.recordings import speech_folder
from tests.accuracy.turns import diarization_error, joined
from tests.audio.recordings import write
from tests.engine.control import Recorder
from tests.speech import CLIP, decoded

FOLDER = speech_folder()
with_recordings = pytest.mark.skipif(FOLDER is None, reason="no recordings: LOCALWHISPER_SPEECH names their folder")


def diarized(pcm: NDArray[np.int16], folder: Path, **bounds: int) -> Diarization:
    with PcmSpool([pcm], folder) as spool:
        vad = voice_activity(spool, SileroVad(), lambda: None)
        return NeuralDiarizer().diarize(spool, vad, check=lambda: None, **bounds)


def recording(name: str) -> NDArray[np.int16]:
    assert FOLDER is not None
    return decoded(FOLDER / name)


def people(found: Diarization) -> set[str]:
    return {turn.speaker for turn in found.turns}


@with_recordings
def test_two_people_who_interrupt_each_other(tmp_path: Path) -> None:
    found = diarized(recording("pyannote/sample.wav"), tmp_path)
    reference = [
        *((6.69, 7.12, "A"), (7.55, 8.35, "B"), (8.32, 10.02, "A"), (9.92, 11.03, "B"), (10.57, 14.7, "A")),
        *((14.49, 17.92, "B"), (18.05, 21.49, "A"), (18.15, 18.59, "B"), (21.78, 28.5, "B"), (27.85, 30.0, "A")),
    ]
    error = diarization_error(reference, found.turns)
    assert error.rate < 0.11  # 9.7 %
    assert error.n_found == 2
    assert any(a.end > b.start for a, b in zip(found.turns, found.turns[1:], strict=False))  # they talk at once


@with_recordings
def test_three_voices_joined_are_three_people_and_one_is_one(tmp_path: Path) -> None:
    clips = ("ljspeech/LJ001-0001.wav", "wenet/librispeech-1995-1837-0001.wav", "fleurs/fleurs-es-001.ogg")
    voices = {name: recording(name)[: 6 * 16_000] for name in clips}
    pcm, reference = joined([(name, voices[name]) for name in (*clips, clips[0], clips[2])], gap_s=0.4)
    found = diarized(pcm, tmp_path)
    error = diarization_error(reference, found.turns)
    assert error.n_found == len(clips)
    assert error.rate < 0.15
    alone = diarized(pcm[: 5 * 16_000], tmp_path)
    assert people(alone) == {"S1"}
    assert people(diarized(pcm[: 10 * 16_000], tmp_path, maximum=1)) == {"S1"}


@with_recordings
def test_a_voice_is_recognized_in_another_recording(engine: WhisperEngine) -> None:
    assert FOLDER is not None
    options, spans = Options(model="demo"), {"S1": [(0.0, 4.0), (4.0, 8.0)]}
    clips = ("ljspeech/LJ001-0001.wav", "ljspeech/LJ001-0007.mp3", "lhotse/2412-153948-0000.flac")
    known, same, other = (engine.voiceprints(FOLDER / clip, spans, options, Recorder())["S1"] for clip in clips)
    assert similarity(known, known) == pytest.approx(1, abs=1e-3)
    assert similarity(known, same) > SAME_PERSON  # 0.88
    assert similarity(known, other) < SAME_PERSON - 0.2  # 0.02


def test_nobody_speaks_in_silence_and_noise(tmp_path: Path) -> None:
    noise = (np.random.default_rng(0).standard_normal(20 * 16_000) * 300).astype(np.int16)
    hum = (1000 * np.sin(2 * np.pi * 50 * np.arange(noise.size) / 16_000)).astype(np.int16)
    for pcm in (np.zeros(noise.size, np.int16), noise, hum, noise[:100], noise[:0]):
        assert diarized(pcm, tmp_path) == Diarization()


def test_a_clip_that_is_repeated_is_one_person(tmp_path: Path) -> None:
    assert people(diarized(np.tile(decoded(CLIP), 4), tmp_path)) == {"S1"}


def test_it_stops_within_half_a_second(tmp_path: Path) -> None:
    """Also in the middle of a chunk."""
    calls: list[float] = []

    def check() -> None:
        calls.append(time.thread_time())

    with PcmSpool([np.tile(decoded(CLIP), 3)], tmp_path) as spool:
        vad = voice_activity(spool, SileroVad(), lambda: None)
        NeuralDiarizer().diarize(spool, vad, check=check)
        assert max(np.diff(calls)) < 0.5  # seconds of work of one thread

        def stop() -> None:
            raise Stopped

        with pytest.raises(Stopped):
            NeuralDiarizer().diarize(spool, vad, check=stop)


@with_recordings
def test_a_search_that_was_interrupted_continues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "speakers.chunks"
    computed: list[int] = []
    chunks = NeuralDiarizer._chunk
    monkeypatch.setattr(NeuralDiarizer, "_chunk", lambda *args: computed.append(1) or chunks(*args))
    with PcmSpool([recording("pyannote/sample.wav")], tmp_path) as spool:
        vad = voice_activity(spool, SileroVad(), lambda: None)
        whole = NeuralDiarizer().diarize(spool, vad, check=lambda: None)
        n_chunks = len(computed)

        def stop() -> None:
            if len(computed) == n_chunks + 3:
                raise Stopped

        with pytest.raises(Stopped):
            NeuralDiarizer().diarize(spool, vad, check=stop, file=file)
        assert file.stat().st_mode & 0o777 == 0o600
        with file.open("ab") as damaged:
            damaged.write(b"half a record")
        computed.clear()
        assert NeuralDiarizer().diarize(spool, vad, check=lambda: None, file=file) == whole
        assert len(computed) == n_chunks - 2
        assert not file.exists()


@with_recordings
def test_who_speaks_is_known_while_a_recording_is_still_read(tmp_path: Path) -> None:
    """A part at a time, without a change of the result."""
    with PcmSpool([recording("pyannote/sample.wav")], tmp_path) as spool:
        vad = voice_activity(spool, SileroVad(), lambda: None)
        whole = NeuralDiarizer().diarize(spool, vad, check=lambda: None)
        run = OpenDiarization(NeuralDiarizer(), spool, vad, check=lambda: None)
        turns = [turn for start in range(0, 30, 10) for turn in run.turns(start, start + 10, None)]
        assert run.finish(1, None, lambda _: None) == whole
    reference = [(turn.start, turn.end, turn.speaker) for turn in whole.turns]
    assert diarization_error(reference, turns).rate < 0.2


def test_nobody_is_heard_before_somebody_speaks(tmp_path: Path) -> None:
    with PcmSpool([np.zeros(20 * 16_000, np.int16), decoded(CLIP)], tmp_path) as spool:
        vad = voice_activity(spool, SileroVad(), lambda: None)
        run = OpenDiarization(NeuralDiarizer(), spool, vad, check=lambda: None)
        assert run.turns(0, 10, None) == []
        assert {turn.speaker for turn in run.turns(10, spool.duration_s, None)} == {"S1"}


def test_chunks_of_another_recording_or_after_damage_are_computed_again(tmp_path: Path) -> None:
    file = tmp_path / "speakers.chunks"
    chunk = Chunk(np.ones((589, 3), np.float16), np.ones((3, 192), np.float32), np.ones(3, np.float32))
    kept = ChunkFile(file, 1000)
    assert kept.read() == {}
    for number in range(3):
        kept.append(number, chunk)
    assert list(ChunkFile(file, 1000).read()) == [0, 1, 2]
    content = bytearray(file.read_bytes())
    content[-8000] ^= 1  # in the second
    file.write_bytes(content)
    kept = ChunkFile(file, 1000)
    assert list(kept.read()) == [0]
    kept.append(7, chunk)
    assert list(ChunkFile(file, 1000).read()) == [0, 7]
    assert ChunkFile(file, 1001).read() == {}
    kept.remove()
    assert ChunkFile(None, 1000).read() == {}
    assert ChunkFile(tmp_path / "missing" / "file", 1000).read() == {}
    assert [*tmp_path.iterdir()] == []


def voices(*counts: int, spread: float = 0.6, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Voiceprints of so many people, with the number of each, in random order."""
    random = np.random.default_rng(seed)
    centres = np.linalg.qr(random.standard_normal((192, len(counts))))[0].T
    numbers = random.permutation(np.repeat(np.arange(len(counts)), counts))
    noise = random.standard_normal((numbers.size, 192))
    prints = centres[numbers] + spread * noise / np.linalg.norm(noise, axis=1, keepdims=True)
    return (prints / np.linalg.norm(prints, axis=1, keepdims=True)).astype(np.float32), numbers


def is_same_grouping(one: NDArray[np.int64], other: NDArray[np.int64]) -> bool:
    return len({*zip(one.tolist(), other.tolist(), strict=True)}) == len(set(one.tolist())) == len(set(other.tolist()))


@pytest.mark.parametrize("counts", [(7,), (1, 1), (20, 3), (5, 9, 2, 14), (4, 4, 4, 4, 4, 4)])
def test_voiceprints_of_one_person_are_one_group(counts: tuple[int, ...]) -> None:
    prints, numbers = voices(*counts)
    assert is_same_grouping(speakers_of(prints, np.full(len(prints), 4, np.float32)), numbers)


def test_the_number_of_groups_can_be_given() -> None:
    prints, numbers = voices(10, 10, 10)
    seconds = np.full(len(prints), 4, np.float32)
    for n in (1, 2, 3, 5):
        assert len(set(speakers_of(prints, seconds, minimum=n, maximum=n).tolist())) == n
    assert is_same_grouping(speakers_of(prints, seconds, minimum=2, maximum=6), numbers)
    assert len(set(speakers_of(prints, seconds, maximum=2).tolist())) == 2
    assert speakers_of(prints[:1], seconds[:1], minimum=4).tolist() == [0]
    assert speakers_of(prints[:0], seconds[:0]).size == 0


def test_a_moment_of_another_voice_is_no_person() -> None:
    prints, numbers = voices(10, 1, 10)
    seconds = np.where(numbers == 1, 1.0, 4.0).astype(np.float32)
    assert len(set(speakers_of(prints, seconds).tolist())) == 2


def test_a_voice_that_is_heard_once_is_no_person_unless_only_one_chunk_hears_it() -> None:
    """A chunk's local speaker may be a mixture of two people."""
    prints, numbers = voices(10, 1, 10)
    seconds = np.full(len(prints), 4, np.float32)
    once = np.ones(len(prints), np.int64)
    assert len(set(speakers_of(prints, seconds, hearings=once).tolist())) == 2
    assert len(set(speakers_of(prints, seconds, hearings=np.where(numbers == 1, 2, once)).tolist())) == 3


def test_hours_are_grouped_in_seconds() -> None:
    prints, numbers = voices(*(500,) * 4)  # two hours
    started_s = time.process_time()
    assert is_same_grouping(speakers_of(prints, np.full(len(prints), 4, np.float32)), numbers)
    assert time.process_time() - started_s < 10


def test_turns_go_on_over_the_edges_of_pieces_and_over_short_pauses() -> None:
    activity = np.zeros((300, 2), bool)
    activity[10:90, 0] = activity[100:200, 0] = activity[195:299, 1] = True
    activity[2:4, 1] = True  # too short
    for sizes in ([300], [100, 200], [95, 5, 100, 100]):
        pieces = np.split(activity, np.cumsum(sizes)[:-1])
        spans = spans_of(pieces, 0.0, 0.02)
        assert [(round(a, 3), round(b, 3), person) for a, b, person in spans] == [(0.2, 4.0, 0), (3.9, 5.98, 1)]


class StopsWhileFindingSpeakers(Recorder):
    def progress(self, done_s: float, message: Message) -> None:
        super().progress(done_s, message)
        if message.code == "finding_speakers":
            raise Stopped


def test_a_job_that_ends_while_speakers_are_found_continues_there(
    engine: WhisperEngine, speech: dict[str, Path], recorder: Recorder
) -> None:
    options = Options(model="demo", speakers="auto")
    ended = StopsWhileFindingSpeakers()
    with pytest.raises(Stopped):
        engine.transcribe(speech["english"], options, ended)
    assert {segment.speaker for window in ended.windows for segment in window.segments} == {"S1"}  # as soon as known
    transcript = engine.transcribe(speech["english"], options, recorder, done=ended.windows)
    assert recorder.windows == []  # nothing was decoded again
    assert [speaker.id for speaker in transcript.speakers] == ["S1"]
    assert {segment.speaker for segment in transcript.segments} == {"S1"}
    assert all(segment.words for segment in transcript.segments)


def test_a_transcribed_recording_is_searched_alone(engine: WhisperEngine, speech: dict[str, Path]) -> None:
    found = engine.find_speakers(speech["english"], Options(model="demo", speakers="auto"), Recorder())
    assert people(found) == {"S1"}


def test_each_channel_is_a_person(engine: WhisperEngine, tmp_path: Path) -> None:
    clip = decoded(CLIP)
    both = np.zeros((2 * clip.size, 2), np.int16)
    both[: clip.size, 0] = both[clip.size :, 1] = clip
    path = write(tmp_path / "call.wav", *both.T)
    transcript = engine.transcribe(path, Options(model="demo", language="en", speakers="channels"), Recorder())
    assert [speaker.name for speaker in transcript.speakers] == ["left", "right"]
    assert {segment.speaker for segment in transcript.segments} == {"S1", "S2"}
