"""The options of telling speakers apart, a part of the option table in options.py."""

from dataclasses import dataclass, field
from typing import Literal

from localwhisper.errors import InvalidOption
from localwhisper.option_types import SettableIn, row

Speakers = Literal["off", "auto", "channels", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"]
MAX_SPEAKERS = 12  # beyond, voices can't be told apart well


@dataclass(frozen=True, kw_only=True)
class SpeakerOptions:
    """Whether to find out who speaks, and among how many people."""

    speakers: Speakers = field(
        default="off",
        metadata=row(
            help="auto: find who says what, also each word's times; a number: of so many people; channels: one on each "
            "channel, as always with channels=split",
            label=("Who speaks", "Quién habla"),
            hint=(
                "Each person's lines are marked; names can be given afterwards. Stays on this computer.",
                "Se marcan las líneas de cada persona; los nombres se dan después. No sale de este equipo.",
            ),
            choice_labels={
                "off": ("Don't tell speakers apart", "Sin distinguir a los hablantes"),
                "auto": ("Find out who speaks", "Averiguar quién habla"),
                "channels": ("One person on each channel", "Una persona en cada canal"),
                "1": ("1 person", "1 persona"),
                **{str(n): (f"{n} people", f"{n} personas") for n in range(2, MAX_SPEAKERS + 1)},
            },
            settable_in=SettableIn.CLI | SettableIn.PAGE,
            needs="return_timestamps",
        ),
    )
    min_speakers: int | None = field(
        default=None,
        metadata=row(
            help="at least so many people (with speakers=auto)",
            label=("At least so many people", "Al menos tantas personas"),
            minimum=1,
            maximum=MAX_SPEAKERS,
            settable_in=SettableIn.CLI | SettableIn.COMPAT,
        ),
    )
    max_speakers: int | None = field(
        default=None,
        metadata=row(
            help="at most so many people (with speakers=auto)",
            label=("At most so many people", "Como máximo tantas personas"),
            minimum=1,
            maximum=MAX_SPEAKERS,
            settable_in=SettableIn.CLI | SettableIn.COMPAT,
        ),
    )

    @property
    def speaker_bounds(self) -> tuple[int, int | None]:
        """At least and at most so many speakers; None: any number."""
        if self.speakers.isdigit():
            return int(self.speakers), int(self.speakers)
        return self.min_speakers or 1, self.max_speakers


def check_speakers(options: SpeakerOptions) -> None:
    """Raises InvalidOption for a combination that means nothing."""
    least, most = options.speaker_bounds
    if most is not None and least > most:
        raise InvalidOption(field="min_speakers", value=str(least), accepted=f"at most max_speakers, {most}")
