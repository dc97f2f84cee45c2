"""Restores errors from the messages that are stored with failed jobs."""

from dataclasses import fields

from localwhisper import errors
from localwhisper.errors import InternalError, LocalWhisperError
from localwhisper.messages import Message

# Those of errors.py alone: what a job can fail with doesn't depend on which other modules have been imported.
STORABLE = {
    error.code: error
    for error in vars(errors).values()
    if isinstance(error, type) and issubclass(error, LocalWhisperError) and error is not LocalWhisperError
}


def error_from(message: Message) -> LocalWhisperError:
    """The error whose message was stored.

    A stored record may be damaged or come from another version: missing parameters become "?", unknown ones are
    ignored, and an unknown code becomes InternalError.
    """
    error_class = STORABLE.get(message.code, InternalError)
    return error_class(**{field.name: message.params.get(field.name, "?") for field in fields(error_class)})
