"""Word times of a known text: the audio is encoded and the text aligned with it, window by window, but nothing
is decoded."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import groupby

from whisper.audio import FRAMES_PER_SECOND, N_FRAMES
from whisper.tokenizer import get_tokenizer

from localwhisper.engine.alignment import add_word_times
from localwhisper.engine.audio_window import AudioWindow, Span, n_frames_to_encode
from localwhisper.engine.log_mel import LogMel
from localwhisper.engine.model.whisper_model import WhisperModel
from localwhisper.engine.pcm_spool import PcmSpool
from localwhisper.engine.segmentation import SegmentDict, move_to_recording
from localwhisper.engine.vad import VoiceActivity
from localwhisper.jobs.transcript import Segment, Word
from localwhisper.jobs.word_times import spread_words
from localwhisper.options import Options

LEAD_FRAMES, TRAIL_FRAMES = 30, 50  # encoded around segments that don't come from one window
SLACK_FRAMES = 50  # by which the segments of a window may lie outside it


class TextAligner:
    """Aligns text with one recording, or one of its channels. Not thread-safe."""

    def __init__(
        self,
        model: WhisperModel,
        pcm: PcmSpool,
        options: Options,
        language: str,
        *,
        listen: Callable[[], VoiceActivity],
        check: Callable[[], None],
    ) -> None:
        """`options`: those of the job that the text is from; `listen`: vad.voice_activity() of the recording."""
        self._model = model
        self._pcm = pcm
        self._options = options
        self._mel = LogMel(pcm, model.dims.n_mels, check)
        self._listen = listen
        self._check = check
        self._tokenizer = get_tokenizer(
            model.is_multilingual, num_languages=model.num_languages, language=language, task=options.task
        )

    @cached_property
    def _voice_activity(self) -> VoiceActivity:
        return self._listen()

    def align(self, segments: Sequence[Segment]) -> Iterator[tuple[Segment, ...]]:
        """Yield the segments with their words, those of a window together; their times become those of the words.

        `segments`: in the order of time. The words of text that no window has room for share its time by their length.
        """
        last_speech_s = 0.0
        for window, members in self._windows(segments):
            self._check()
            aligned = members if window is None else self._aligned(window, members, last_speech_s)
            yield tuple(replace(each, words=spread_words(each)) if each.words is None else each for each in aligned)
            last_speech_s = max(last_speech_s, aligned[-1].end)

    def _windows(self, segments: Sequence[Segment]) -> Iterator[tuple[AudioWindow | None, list[Segment]]]:
        """Groups of segments with the audio that they are aligned with: the window that they were decoded from, if they
        still lie in it; else as many as have room in one. None: there is no room even for one."""
        for seek, group in groupby(segments, key=lambda segment: segment.seek):
            members = list(group)
            is_decoded = all(segment.tokens for segment in members if segment.text.strip())
            window = self._decoded_window(seek) if is_decoded else None
            if window is not None and _lie_in(members, window) and self._has_room(members):
                yield window, members
            else:
                yield from self._new_windows(members)

    def _decoded_window(self, seek: int) -> AudioWindow | None:
        """The window at frame `seek`, as it was decoded."""
        options = self._options
        if options.skips_silence:
            found = self._voice_activity.window(seek) if options.is_batched else None
            return found[0] if found is not None else self._voice_activity.speech(seek)
        gap = self._pcm.next_long_gap(seek)
        n_frames = self._pcm.n_frames
        end = min(seek + N_FRAMES, n_frames if gap is None else gap.start)
        clip_ends = (round(end_s * FRAMES_PER_SECOND) for _, end_s in options.clips if end_s is not None)
        end = min([end, *(clip_end for clip_end in clip_ends if clip_end > seek)])
        return AudioWindow((Span(seek, end),)) if seek < end else None

    def _new_windows(self, segments: Sequence[Segment]) -> Iterator[tuple[AudioWindow | None, list[Segment]]]:
        members: list[Segment] = []
        for segment in segments:
            if members and not (self._has_room([*members, segment]) and _window_around([*members, segment])):
                yield self._within_recording(_window_around(members)), members
                members = []
            members.append(segment)
        yield self._within_recording(_window_around(members) if self._has_room(members) else None), members

    def _within_recording(self, span: Span | None) -> AudioWindow | None:
        if span is None or span.start >= self._pcm.n_frames:
            return None
        return AudioWindow((Span(span.start, min(span.end, self._pcm.n_frames)),))

    def _has_room(self, segments: Sequence[Segment]) -> bool:
        """Whether the model can read the text of these segments at once."""
        n_tokens = sum(len(self._tokens(segment)) for segment in segments)
        return n_tokens <= int(self._model.dims.n_text_ctx) // 2

    def _tokens(self, segment: Segment) -> Sequence[int]:
        return segment.tokens or tuple(self._tokenizer.encode(segment.text))

    def _aligned(self, window: AudioWindow, segments: Sequence[Segment], last_speech_s: float) -> list[Segment]:
        spoken = [segment for segment in segments if segment.text.strip()]
        dicts = [_as_dict(segment, window, self._tokens(segment)) for segment in spoken]
        if dicts:
            n_frames = n_frames_to_encode(window.n_frames, self._options.quality)
            features = self._model.encode_audio(self._mel.window(window, n_frames)[None], self._check)
            cross_kv = self._model.cross_kv(features, self._check)
            add_word_times(
                dicts,
                self._model,
                cross_kv,
                self._tokenizer,
                n_frames=window.n_frames,
                last_speech_s=last_speech_s,
                prepend_punctuations=self._options.prepend_punctuations,
                append_punctuations=self._options.append_punctuations,
            )
            if self._options.skips_silence:
                move_to_recording(dicts, window, self._voice_activity)
        timed = iter(dicts)
        return [_with_words(segment, next(timed)) if segment.text.strip() else segment for segment in segments]


def _lie_in(segments: Sequence[Segment], window: AudioWindow) -> bool:
    first, last = segments[0].start * FRAMES_PER_SECOND, segments[-1].end * FRAMES_PER_SECOND
    return bool(window.seek - SLACK_FRAMES <= first and last <= window.end + SLACK_FRAMES)


def _window_around(segments: Sequence[Segment]) -> Span | None:
    """The frames to align these segments with; None if they are more than a window."""
    first = max(0, round(segments[0].start * FRAMES_PER_SECOND) - LEAD_FRAMES)
    last = round(segments[-1].end * FRAMES_PER_SECOND) + TRAIL_FRAMES
    return Span(first, last) if last - first <= N_FRAMES else None


def _as_dict(segment: Segment, window: AudioWindow, tokens: Sequence[int]) -> SegmentDict:
    """A segment as whisper's functions pass it around, at the window's own positions."""
    start_s, end_s = segment.start, segment.end
    if len(window.spans) > 1:
        start_s, end_s = (window.own_position(t * FRAMES_PER_SECOND) / FRAMES_PER_SECOND for t in (start_s, end_s))
    return {"seek": window.seek, "start": start_s, "end": end_s, "tokens": list(tokens), "text": segment.text}


def _with_words(segment: Segment, timed: SegmentDict) -> Segment:
    words = tuple(
        Word(
            word=word["word"],
            start=float(word["start"]),
            end=float(word["end"]),
            probability=float(word["probability"]),
        )
        for word in timed["words"]
    )
    start_s = float(timed["start"])
    return replace(segment, start=start_s, end=max(start_s, float(timed["end"])), words=words or None)
