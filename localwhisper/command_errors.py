"""The errors of commands; errors.py has all others, and these too."""

from localwhisper.base_error import LocalWhisperError


class NotOnThisSystem(LocalWhisperError):
    """The command is not available on this operating system."""

    code = "not_on_this_system"
    system: str


class OutputUnwritable(LocalWhisperError):
    """stdout can't be written: the disk of the file that it goes to is full, for example."""

    code = "output_unwritable"
    reason: str


class PackageMissing(LocalWhisperError):
    """The command needs an optional package; `extra` names it in pyproject.toml."""

    code = "package_missing"
    extra: str


class ServerNotStarting(LocalWhisperError):
    code = "server_not_starting"
