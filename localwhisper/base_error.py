"""The base class of every error shown to people."""

from dataclasses import dataclass, fields
from typing import ClassVar

from typing_extensions import dataclass_transform

from localwhisper.messages import Message, render


@dataclass_transform(kw_only_default=True, eq_default=False)
@dataclass(kw_only=True, eq=False)
class LocalWhisperError(Exception):
    """Base of every error shown to people; str() is its English text.

    Each subclass is a dataclass. Its fields are the constructor's keyword arguments and the parameters of its text.
    """

    code: ClassVar[str]

    def __init_subclass__(cls) -> None:
        dataclass(kw_only=True, eq=False)(cls)

    @property
    def params(self) -> dict[str, object]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def message(self) -> Message:
        return Message(self.code, self.params)

    def __str__(self) -> str:
        return render(self.message, "en")
