"""The session of OpenAI's Realtime transcription: what a client may set, and its items with their events."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from localwhisper.errors import InvalidOption
from localwhisper.server.serializers import Json

MIN_RATE, MAX_RATE, DEFAULT_RATE = 8_000, 48_000, 24_000
TRANSCRIPTION = "conversation.item.input_audio_transcription"


@dataclass(frozen=True)
class SessionSettings:
    """What a client may set before it sends audio."""

    rate: int = DEFAULT_RATE
    model: str = ""
    language: str = ""
    prompt: str = ""
    detects_turns: bool = True  # False: only a commit ends an item

    def updated(self, session: Mapping[str, Any]) -> "SessionSettings":
        """With the changes in the `session` of an event, which may have the form of the API's beta version.

        Raises InvalidOption.
        """
        if session.get("type", "transcription") != "transcription":
            raise InvalidOption(field="session.type", value=str(session["type"])[:100], accepted="transcription")
        given = _object(_object(session, "audio"), "input")
        format_, transcription = _object(given, "format"), _object(given, "transcription")
        transcription = transcription or _object(session, "input_audio_transcription")
        changed = replace(
            self,
            model=_text(transcription, "model", self.model),
            language=_text(transcription, "language", self.language),
            prompt=_text(transcription, "prompt", self.prompt),
        )
        if format_ or "input_audio_format" in session:
            changed = replace(changed, rate=_rate(format_, session.get("input_audio_format")))
        for part in (given, session):
            if "turn_detection" in part:
                changed = replace(changed, detects_turns=part["turn_detection"] is not None)
        return changed

    def body(self, session_id: str) -> Json:
        return {
            "id": session_id,
            "object": "realtime.transcription_session",
            "type": "transcription",
            "audio": {
                "input": {
                    "format": {"type": "audio/pcm", "rate": self.rate},
                    "transcription": {
                        "model": self.model or "whisper-1",
                        "language": self.language or None,
                        "prompt": self.prompt,
                    },
                    "turn_detection": {"type": "server_vad"} if self.detects_turns else None,
                    "noise_reduction": None,
                }
            },
        }


def _rate(format_: Mapping[str, Any], beta: object) -> int:
    rate = format_.get("rate", DEFAULT_RATE)
    if format_.get("type", "audio/pcm") != "audio/pcm" or beta not in (None, "pcm16"):
        raise InvalidOption(field="format", value=str(format_.get("type", beta))[:100], accepted="audio/pcm")
    if not isinstance(rate, int) or not MIN_RATE <= rate <= MAX_RATE:
        raise InvalidOption(field="format.rate", value=str(rate)[:100], accepted=f"{MIN_RATE} to {MAX_RATE}")
    return rate


def _object(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = values.get(name) or {}
    if not isinstance(value, dict):
        raise InvalidOption(field=name, value=str(value)[:100], accepted="an object")
    return value


def _text(values: Mapping[str, Any], name: str, default: str) -> str:
    value = values.get(name, default) or ""
    if not isinstance(value, str):
        raise InvalidOption(field=name, value=str(value)[:100], accepted="a text")
    return value


@dataclass
class Items:
    """The items of a session: what is said between two pauses, or two commits."""

    detects_turns: bool
    _id: str | None = None  # of the item that is open
    _previous_id: str | None = None
    _text: str = ""  # of its segments
    _sent: str = ""  # of its text
    _start_s: float = 0.0
    _end_s: float = 0.0
    _n_commits: int = 0

    def committed(self) -> None:
        self._n_commits += 1

    def heard(self, stable: str, start_s: float) -> Sequence[Json]:
        """The events of what is being said: its text that won't change, and its start."""
        return [*self._opened(start_s), *self._delta(self._text + stable)]

    def segment(self, text: str, start_s: float, end_s: float) -> Sequence[Json]:
        """The events of an utterance."""
        self._text, self._end_s = self._text + text, end_s
        events = [*self._opened(start_s), *self._delta(self._text)]
        return [*events, *self._completed()] if self.detects_turns else events

    def cut(self, at_s: float) -> Sequence[Json]:
        """The events of a commit, once all that was said is in segments."""
        events: list[Json] = []
        if self._n_commits:
            self._n_commits = 0
            if not self.detects_turns:
                self._end_s = self._end_s or at_s
                events = [*self._opened(at_s), *self._completed()]
        return events

    def failed(self, error: Json) -> Json:
        item_id = self._id or _new_id("item")
        return {"type": f"{TRANSCRIPTION}.failed", "item_id": item_id, "content_index": 0, "error": error}

    def _opened(self, start_s: float) -> list[Json]:
        if self._id is not None:
            return []
        self._id, self._start_s = _new_id("item"), start_s
        if not self.detects_turns:
            return []
        return [{"type": "input_audio_buffer.speech_started", "audio_start_ms": _ms(start_s), "item_id": self._id}]

    def _delta(self, text: str) -> list[Json]:
        new = text[len(self._sent) :] if self._sent else text.lstrip()
        if not new:
            return []
        self._sent = text
        return [{"type": f"{TRANSCRIPTION}.delta", "item_id": self._id, "content_index": 0, "delta": new}]

    def _completed(self) -> list[Json]:
        item: Json = {
            "id": self._id,
            "type": "message",
            "object": "realtime.item",
            "status": "completed",
            "role": "user",
            "content": [{"type": "input_audio", "transcript": None}],
        }
        events: list[Json] = [
            {"type": "input_audio_buffer.committed", "item_id": self._id, "previous_item_id": self._previous_id},
            {"type": "conversation.item.added", "item": item, "previous_item_id": self._previous_id},
            {
                "type": f"{TRANSCRIPTION}.completed",
                "item_id": self._id,
                "content_index": 0,
                "transcript": self._text.strip(),
                "usage": {"type": "duration", "seconds": round(max(self._end_s - self._start_s, 0.0), 2)},
            },
        ]
        if self.detects_turns:
            stopped = {
                "type": "input_audio_buffer.speech_stopped",
                "audio_end_ms": _ms(self._end_s),
                "item_id": self._id,
            }
            events.insert(0, stopped)
        self._previous_id, self._id, self._text, self._sent, self._end_s = self._id, None, "", "", 0.0
        return events


def _new_id(kind: str) -> str:
    return f"{kind}_{uuid.uuid4().hex[:21]}"


def _ms(seconds: float) -> int:
    return round(1000 * seconds)
