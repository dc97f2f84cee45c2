"""The table of settings: environment names, flags, --help and the README's table all come from it."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TypeVar

import platformdirs

from localwhisper.errors import BadSetting
from localwhisper.options import OPTIONS, Batch, Quality


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What one run of the program goes by; a field for each row of SETTINGS."""

    default_model: str
    max_concurrent_jobs: int
    websocket_ping_interval: float  # seconds
    websocket_timeout: float  # seconds
    host: str
    port: int
    data_dir: Path
    model_dir: Path
    model_mirror: str | None
    token: str | None
    allowed_hosts: tuple[str, ...]
    allowed_origins: tuple[str, ...]
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    path_prefix: str  # "" or "/…", without a slash at its end
    max_upload_bytes: int
    max_audio_seconds: float
    model_idle_timeout: float  # seconds
    log_format: str  # console, json
    quality: Quality
    batch: Batch | None

    @property
    def option_defaults(self) -> Mapping[str, object]:
        """The values of those job options whose default is a setting."""
        return {name: getattr(self, option.setting) for name, option in OPTIONS.items() if option.setting}


@dataclass(frozen=True)
class Setting:
    """One row: `parse` takes the text given and raises ValueError where it doesn't accept it."""

    field: str
    env: str
    default: str  # as one would write it; "" for none
    parse: Callable[[str], object]
    accepted: str
    help: str

    @property
    def flag(self) -> str:
        return "--" + self.field.replace("_", "-")


def _integer(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        value = int(text)
        if not low <= value <= high:
            raise ValueError(text)
        return value

    return parse


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e9:
        raise ValueError(text)
    return value


def _text(text: str) -> str:
    if not text.strip() or any(ord(char) < 32 for char in text):
        raise ValueError(text)
    return text.strip()


def _optional(text: str) -> str | None:
    return _text(text) if text else None


def _address(text: str) -> str | None:
    if text and not text.startswith(("http://", "https://")):
        raise ValueError(text)
    return text.rstrip("/") or None


def _choice(*accepted: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in accepted:
            raise ValueError(text)
        return text

    return parse


def _optional_choice(*accepted: str) -> Callable[[str], str | None]:
    return lambda text: _choice(*accepted)(text) if text else None


def _folder(text: str) -> Path:
    return Path(_text(text)).expanduser().absolute()


def _optional_folder(text: str) -> Path | None:
    return _folder(text) if text else None


T = TypeVar("T")


def _list(item: Callable[[str], T]) -> Callable[[str], tuple[T, ...]]:
    return lambda text: tuple(item(part.strip()) for part in text.split(",")) if text else ()


def _matching(pattern: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(text)
        return text.rstrip("/")

    return parse


GIB = 1024**3
QUALITY, BATCH = OPTIONS["quality"], OPTIONS["batch"]
SETTINGS: tuple[Setting, ...] = (
    Setting("default_model", "DEFAULT_MODEL", "medium", _text, "a model's name",
            "model of a job that names none"),
    Setting("max_concurrent_jobs", "MAX_CONCURRENT_JOBS", "3", _integer(1, 64), "a whole number from 1 to 64",
            "jobs transcribed at once"),
    Setting("websocket_ping_interval", "WEBSOCKET_PING_INTERVAL", "30", _seconds, "a number of seconds above 0",
            "seconds between the server's protocol pings"),
    Setting("websocket_timeout", "WEBSOCKET_TIMEOUT", "300", _seconds, "a number of seconds above 0",
            "seconds of silence after which a socket is closed"),
    Setting("host", "LOCALWHISPER_HOST", "127.0.0.1", _text, "a host name or an IP address",
            "address the server listens at"),
    Setting("port", "LOCALWHISPER_PORT", "9000", _integer(0, 65535), "a port from 0 (any free one) to 65535",
            "port the server listens at; 0: any free one"),
    Setting("data_dir", "LOCALWHISPER_DATA_DIR", platformdirs.user_data_dir("localwhisper", appauthor=False),
            _folder, "a folder", "jobs, uploads, results"),
    Setting("model_dir", "LOCALWHISPER_MODEL_DIR", "", _optional_folder, "a folder",
            "checkpoints; by default openai-whisper's own cache, so that what is there is found"),
    Setting("model_mirror", "LOCALWHISPER_MODEL_MIRROR", "", _address, "an address that begins with http:// or https://",
            "base address of a mirror for the checkpoints"),
    Setting("token", "LOCALWHISPER_TOKEN", "", _optional, "a text without control characters",
            "bearer token; required to listen beyond loopback"),
    Setting("allowed_hosts", "LOCALWHISPER_ALLOWED_HOSTS", "", _list(_matching(r"[A-Za-z0-9._-]+")),
            "host names separated by commas", "more names under which browsers may reach the server, e.g. a proxy's"),
    Setting("allowed_origins", "LOCALWHISPER_ALLOWED_ORIGINS", "",
            _list(_matching(r"https?://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?")),
            "origins such as https://app.example separated by commas", "other sites whose pages may use the server"),
    Setting("trusted_proxies", "LOCALWHISPER_TRUSTED_PROXIES", "", _list(ip_network),
            "IP addresses or networks separated by commas", "proxies whose X-Forwarded headers are believed"),
    Setting("path_prefix", "LOCALWHISPER_PATH_PREFIX", "", _matching(r"|(/[A-Za-z0-9._~-]+)+/?"),
            "a path such as /whisper", "path under which a proxy shows the server"),
    Setting("max_upload_bytes", "MAX_UPLOAD_BYTES", str(4 * GIB), _integer(1, 2**50), "a whole number of bytes",
            "largest file taken"),
    Setting("max_audio_seconds", "MAX_AUDIO_SECONDS", str(12 * 3600), _seconds, "a number of seconds above 0",
            "longest audio taken"),
    Setting("model_idle_timeout", "MODEL_IDLE_TIMEOUT", "300", _seconds, "a number of seconds above 0",
            "seconds after which an unused model's memory is given back"),
    Setting("log_format", "LOCALWHISPER_LOG_FORMAT", "console", _choice("console", "json"), "console or json",
            "log on the console: errors for people, or with json everything, an object a line"),
    Setting("quality", "LOCALWHISPER_QUALITY", "exact", _choice(*QUALITY.choices), QUALITY.accepted,
            "of a job that names none: exact (openai-whisper's own text), fast, or compact (the least memory)"),
    Setting("batch", "LOCALWHISPER_BATCH", "", _optional_choice(*BATCH.choices), BATCH.accepted,
            "auto: windows are decoded several at once, without the text before; by default where quality is fast"),
)  # fmt: skip

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


def load(flags: Mapping[str, str | None], environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from flags (by field name), then the environment, then the defaults.

    Raises BadSetting, which names the setting and what it accepts.
    """
    values: dict[str, object] = {}
    for setting in SETTINGS:
        flag = flags.get(setting.field)
        name = setting.flag if flag is not None else setting.env
        text = flag if flag is not None else environ.get(setting.env) or setting.default
        try:
            values[setting.field] = setting.parse(text)
        except ValueError:
            raise BadSetting(name=name, value=text, accepted=setting.accepted) from None
    values["model_dir"] = values["model_dir"] or whisper_cache_dir(environ)
    settings = Settings(**values)  # type: ignore[arg-type]  # the table's fields are Settings' own: tested
    if settings.host not in LOOPBACK_HOSTS and settings.token is None:
        raise BadSetting(
            name="--host",
            value=settings.host,
            accepted="an address beyond loopback only together with LOCALWHISPER_TOKEN",
        )
    return settings


def whisper_cache_dir(environ: Mapping[str, str]) -> Path:
    """The folder where openai-whisper itself keeps the checkpoints that it downloads."""
    cache = environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "whisper"


def as_markdown() -> str:
    """The README's table."""
    rows = ["| environment | flag | default | meaning |", "| --- | --- | --- | --- |"]
    for setting in SETTINGS:
        default = f"`{setting.default}`" if setting.default else "none"
        if setting.field == "data_dir":
            default = "the user's data folder"
        rows.append(f"| `{setting.env}` | `{setting.flag}` | {default} | {setting.help} |")
    return "\n".join(rows)
