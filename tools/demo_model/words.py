"""The vocabulary of the demo model and random texts made of it.

Contains the words of each language, the phrases, and seeded text generators; `speech.py` turns texts into speech.
All text is lower-case without punctuation; only the synthesiser gets full stops.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

LANGUAGES = ("en", "es")

EN_DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
EN_TEENS = [
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
EN_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
EN_SCALES = ["hundred", "thousand", "million"]

ES_DIGITS = ["cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"]
ES_TEENS = [
    "diez",
    "once",
    "doce",
    "trece",
    "catorce",
    "quince",
    "dieciséis",
    "diecisiete",
    "dieciocho",
    "diecinueve",
]
ES_TWENTIES = [
    "veintiuno",
    "veintidós",
    "veintitrés",
    "veinticuatro",
    "veinticinco",
    "veintiséis",
    "veintisiete",
    "veintiocho",
    "veintinueve",
]
ES_TENS = ["veinte", "treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa"]
ES_HUNDREDS = [
    "cien",
    "doscientos",
    "trescientos",
    "cuatrocientos",
    "quinientos",
    "seiscientos",
    "setecientos",
    "ochocientos",
    "novecientos",
]

DAYS = {
    "en": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
    "es": ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"],
}
COLOURS = {
    "en": ["red", "blue", "green", "yellow", "black", "white", "orange"],
    "es": ["rojo", "azul", "verde", "amarillo", "negro", "blanco", "naranja"],
}
NOUNS = {
    "en": [
        "house",
        "dog",
        "cat",
        "water",
        "coffee",
        "bread",
        "book",
        "door",
        "window",
        "table",
        "car",
        "city",
        "music",
        "train",
        "friend",
        "school",
    ],
    "es": [
        "casa",
        "perro",
        "gato",
        "agua",
        "café",
        "pan",
        "libro",
        "puerta",
        "ventana",
        "mesa",
        "coche",
        "ciudad",
        "música",
        "tren",
        "amigo",
        "escuela",
    ],
}
SINGLES = {
    "en": [
        "hello",
        "goodbye",
        "please",
        "yes",
        "thanks",
        "welcome",
        "today",
        "tomorrow",
        "now",
        "start",
        "stop",
    ],
    "es": ["hola", "adiós", "gracias", "bienvenido", "hoy", "mañana", "ahora", "empezar", "parar"],
}
# Function words are learned only inside these phrases: alone they are too short to distinguish.
PHRASES = {
    "en": [
        "good morning",
        "good night",
        "good afternoon",
        "thank you",
        "thank you very much",
        "how are you",
        "very good",
        "see you tomorrow",
        "see you on {day}",
        "what time is it",
        "today is {day}",
        "tomorrow is {day}",
        "the {noun} is {colour}",
        "the {colour} {noun}",
        "i have {count} {noun}s",
        "turn on the light",
        "turn off the light",
        "open the {noun}",
        "close the {noun}",
        "my {noun} is {colour}",
        "one {noun} please",
        "the number is {number}",
        "it is {count} in the morning",
        "hello my friend",
        "yes please",
        "no thank you",
        "a {colour} {noun} and a {colour} {noun}",
        "call me on {day}",
        "the music is very good",
        "where is the {noun}",
        "i like {colour}",
        "see you now",
    ],
    "es": [
        "buenos días",
        "buenas noches",
        "buenas tardes",
        "muchas gracias",
        "por favor",
        "cómo estás",
        "muy bien",
        "hasta mañana",
        "hasta el {day}",
        "qué hora es",
        "hoy es {day}",
        "mañana es {day}",
        "{noun} {colour}",
        "tengo {count} {noun}s",
        "enciende la luz",
        "apaga la luz",
        "abre la puerta",
        "cierra la ventana",
        "mi {noun} es {colour}",
        "el número es {number}",
        "son las {count} de la mañana",
        "hola mi amigo",
        "sí por favor",
        "no gracias",
        "un {noun} por favor",
        "llámame el {day}",
        "la música es muy buena",
        "dónde está la {noun}",
        "me gusta el {colour}",
        "la casa es {colour}",
        "el perro y el gato",
    ],
}
PLURALS = {
    "en": {"houses", "dogs", "cats", "books", "doors", "windows", "tables", "cars", "friends", "trains"},
    "es": {"casas", "perros", "gatos", "libros", "puertas", "ventanas", "mesas", "coches", "amigos"},
}


@dataclass(frozen=True)
class Text:
    """Words to read, and after which of them there is a full stop."""

    language: str
    words: tuple[str, ...]
    stops: frozenset[int] = frozenset()

    def reading(self) -> str:
        """The text for the synthesiser."""
        return " ".join(w + ("." if i in self.stops else "") for i, w in enumerate(self.words))

    def transcript(self) -> str:
        return " ".join(self.words)


def number_words(language: str) -> list[str]:
    """Every number word that may appear on its own in a random reading."""
    if language == "en":
        return EN_DIGITS + EN_TEENS + EN_TENS + EN_SCALES
    return ES_DIGITS + ES_TEENS + ES_TWENTIES + ES_TENS + ES_HUNDREDS + ["mil"]


def digit_words(language: str) -> list[str]:
    return EN_DIGITS if language == "en" else ES_DIGITS


def spoken_number(language: str, value: int) -> str:
    """A number below one million in words."""
    if value >= 1000:
        thousands, rest = divmod(value, 1000)
        head = (
            spoken_number(language, thousands) + " thousand"
            if language == "en"
            else ("mil" if thousands == 1 else spoken_number(language, thousands) + " mil")
        )
        return head + (" " + spoken_number(language, rest) if rest else "")
    return _english_below_1000(value) if language == "en" else _spanish_below_1000(value)


def _english_below_1000(value: int) -> str:
    if value >= 100:
        hundreds, rest = divmod(value, 100)
        return f"{EN_DIGITS[hundreds]} hundred" + (f" and {_english_below_1000(rest)}" if rest else "")
    if value >= 20:
        tens, rest = divmod(value, 10)
        return EN_TENS[tens - 2] + (f" {EN_DIGITS[rest]}" if rest else "")
    return (EN_DIGITS + EN_TEENS)[value]


def _spanish_below_1000(value: int) -> str:
    if value >= 100:
        hundreds, rest = divmod(value, 100)
        head = ES_HUNDREDS[hundreds - 1] if hundreds > 1 else ("ciento" if rest else "cien")
        return head + (f" {_spanish_below_1000(rest)}" if rest else "")
    if 20 < value < 30:
        return ES_TWENTIES[value - 21]
    if value >= 20:
        tens, rest = divmod(value, 10)
        return ES_TENS[tens - 2] + (f" y {ES_DIGITS[rest]}" if rest else "")
    return (ES_DIGITS + ES_TEENS)[value]


def phrase(rng: random.Random, language: str) -> list[str]:
    """An everyday phrase with its blanks filled in."""
    template = rng.choice(PHRASES[language])
    words: list[str] = []
    for part in template.split():
        if part == "{noun}s":
            words.append(rng.choice(sorted(PLURALS[language])))
        elif part == "{noun}":
            words.append(rng.choice(NOUNS[language]))
        elif part == "{colour}":
            words.append(rng.choice(COLOURS[language]))
        elif part == "{day}":
            words.append(rng.choice(DAYS[language]))
        elif part == "{count}":
            words += spoken_number(language, rng.randint(2, 12)).split()
        elif part == "{number}":
            words += spoken_number(language, _random_value(rng)).split()
        else:
            words.append(part)
    return words


def _random_value(rng: random.Random) -> int:
    return rng.choice([rng.randint(0, 99), rng.randint(0, 999), rng.randint(0, 9999), rng.randint(0, 999_999)])


def _from_list(words: list[str]) -> Callable[[random.Random, str], list[str]]:
    return lambda rng, language: [rng.choice(words)]


def _loose_words(language: str) -> list[str]:
    return DAYS[language] + COLOURS[language] + NOUNS[language] + SINGLES[language]


def filler(rng: random.Random, language: str, n_words: int, style: str) -> list[str]:
    """At least `n_words` words in one style: digits, numbers, compounds, everyday or mixed."""
    words: list[str] = []
    digits, numbers, loose = digit_words(language), number_words(language), _loose_words(language)
    while len(words) < n_words:
        kind = rng.choice(("numbers", "compounds", "everyday", "digits")) if style == "mixed" else style
        if kind == "digits":
            words.append(rng.choice(digits))
        elif kind == "numbers":
            words.append(rng.choice(numbers))
        elif kind == "compounds":
            words += spoken_number(language, _random_value(rng)).split()
        else:
            words += phrase(rng, language) if rng.random() < 0.6 else [rng.choice(loose)]
    return words


def random_utterance(rng: random.Random, language: str) -> Text:
    """A text of 1 to about 25 words without pauses."""
    n_words = rng.choice((1, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25))
    style = rng.choices(("digits", "numbers", "compounds", "everyday", "mixed"), (2, 2, 1.5, 4, 1.5))[0]
    words = filler(rng, language, n_words, style)
    if style in ("digits", "numbers"):
        words = words[:n_words]
    return Text(language, tuple(words))


def random_reading(rng: random.Random, language: str, n_words: int) -> Text:
    """A long text read without pauses: mostly number words, with or without full stops."""
    style = rng.choices(("digits", "numbers", "compounds", "everyday", "mixed"), (3.5, 3.5, 1, 1, 1.5))[0]
    words = filler(rng, language, n_words, style)[:n_words]
    every = rng.choice((0, 0, 0, 7, 7, -1, -1, rng.randint(4, 14)))
    if every == 0:
        stops = frozenset([n_words - 1] if rng.random() < 0.3 else [])
    elif every > 0:
        stops = frozenset(range(every - 1, n_words, every))
    else:
        stops = frozenset(i for i in range(n_words) if rng.random() < 0.14)
    return Text(language, tuple(words), stops)


def vocabulary(language: str) -> list[str]:
    """Every word the generators of one language may use, sorted."""
    words = set(number_words(language)) | set(_loose_words(language)) | PLURALS[language]
    words |= {"and", "thousand"} if language == "en" else {"y", "mil", "ciento"}
    for template in PHRASES[language]:
        words |= {part for part in template.split() if "{" not in part}
    return sorted(words)
