"""Makes the bundled sample clips and samples.json: `python -m tools.make_samples`.

Needs libespeak-ng. Each clip is a few utterances with pauses, encoded as opus.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from localwhisper.audio.clip import audio_segment_class
from localwhisper.audio.ffmpeg import ffmpeg_path
from tools.demo_model.speech import SAMPLE_RATE, Synthesizer, Voice
from tools.demo_model.words import Text

FOLDER = Path(__file__).parent.parent / "localwhisper" / "assets" / "samples"
PAUSE_S = 1.0
EDGE_S = 0.25
LOUDNESS = 0.6  # of full scale

CLIPS = (
    (
        "en-greeting",
        "en",
        Voice("gmw/en-US", 150),
        {"en": "A greeting", "es": "Un saludo en inglés"},
        ("good morning my friend", "today is monday"),
    ),
    (
        "en-number",
        "en",
        Voice("gmw/en-US+f2", 155),
        {"en": "A number", "es": "Un número en inglés"},
        ("the number is four hundred and twenty seven",),
    ),
    (
        "en-day",
        "en",
        Voice("gmw/en-US+m3", 145),
        {"en": "A day, half a minute", "es": "Un día en inglés, medio minuto"},
        (
            "hello my friend how are you",
            "what time is it",
            "it is nine in the morning",
            "one coffee please",
            "the coffee is black",
            "thank you very much",
            "open the window",
            "the house is white",
            "i have two dogs",
            "the green car",
            "turn on the light",
            "the music is very good",
            "one two three four five six seven",
            "see you tomorrow",
            "good night",
        ),
    ),
    (
        "es-saludo",
        "es",
        Voice("roa/es", 160),
        {"en": "A greeting in Spanish", "es": "Un saludo"},
        ("buenos días", "hoy es lunes"),
    ),
    (
        "es-numero",
        "es",
        Voice("roa/es+f2", 155),
        {"en": "A number in Spanish", "es": "Un número"},
        ("el número es trescientos cuarenta y cinco",),
    ),
    (
        "es-dia",
        "es",
        Voice("roa/es+m3", 150),
        {"en": "A day in Spanish, half a minute", "es": "Un día, medio minuto"},
        (
            "hola mi amigo",
            "cómo estás",
            "muy bien gracias",
            "qué hora es",
            "son las nueve de la mañana",
            "un café por favor",
            "muchas gracias",
            "abre la puerta",
            "la casa es verde",
            "el perro y el gato",
            "la música es muy buena",
            "enciende la luz",
            "uno dos tres cuatro cinco seis siete",
            "hasta mañana",
            "buenas noches",
        ),
    ),
)


def samples_of(synthesizer: Synthesizer, language: str, voice: Voice, utterances: tuple[str, ...]) -> np.ndarray:
    """float32, shape (n,), 16 kHz."""
    parts = [np.zeros(round(EDGE_S * SAMPLE_RATE), np.float32)]
    for utterance in utterances:
        spoken = synthesizer.speak(Text(language, tuple(utterance.split())), voice)
        if spoken is None:
            raise RuntimeError(f"libespeak-ng reported other words than {utterance!r}")
        parts += [spoken.samples.astype(np.float32), np.zeros(round(PAUSE_S * SAMPLE_RATE), np.float32)]
    joined = np.concatenate(parts)
    return joined * (LOUDNESS / np.abs(joined).max())


def encode(samples: np.ndarray, target: Path) -> None:
    pcm = (samples * 32767).astype("<i2").tobytes()
    clip = audio_segment_class()(pcm, sample_width=2, frame_rate=SAMPLE_RATE, channels=1)
    clip.converter = ffmpeg_path()
    clip.export(target, format="opus", codec="libopus", bitrate="24k", parameters=["-bitexact"]).close()


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    synthesizer = Synthesizer()
    rows = []
    for name, language, voice, title, utterances in CLIPS:
        samples = samples_of(synthesizer, language, voice, utterances)
        encode(samples, FOLDER / f"{name}.opus")
        rows.append(
            {
                "id": name,
                "language": language,
                "filename": f"{name}.opus",
                "title": title,
                "duration_s": round(len(samples) / SAMPLE_RATE, 2),
                "text": " ".join(utterances),
            }
        )
    text = json.dumps(rows, ensure_ascii=False, indent=1) + "\n"
    (FOLDER / "samples.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
