"""The errors about models; errors.py has all others, and these too."""

from localwhisper.base_error import LocalWhisperError


class ModelNotFound(LocalWhisperError):
    code = "model_not_found"
    model: str
    accepted: str


class ModelDownloadFailed(LocalWhisperError):
    code = "model_download_failed"
    model: str
    reason: str


class NoModel(LocalWhisperError):
    """A job names no model, and none but the bundled one is here or can be fetched."""

    code = "no_model"
    model: str  # the default one
    reason: str  # why it can't be fetched


class ModelCorrupt(LocalWhisperError):
    code = "model_corrupt"
    model: str
    reason: str


class CheckpointUnusable(LocalWhisperError):
    """The file or folder to be imported can't be used."""

    code = "checkpoint_unusable"
    model: str
    reason: str


class PublishedName(LocalWhisperError):
    """A file to be imported has the name of a published model, but isn't that model."""

    code = "published_name"
    model: str


class ModelBundled(LocalWhisperError):
    code = "model_bundled"
    model: str


class ModelCannotTranslate(LocalWhisperError):
    code = "model_cannot_translate"
    model: str


class ModelTooLarge(LocalWhisperError):
    """The machine has too little memory to load or run this model."""

    code = "out_of_memory"
    model: str
