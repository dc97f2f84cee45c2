"""The settings table, from which come the environment variables, the flags, --help and the table in docs/settings.md.

Only this module reads the environment.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

import platformdirs

from localwhisper.errors import BadSetting
from localwhisper.option_types import BOOLEANS, parse_boolean
from localwhisper.options import OPTIONS, Batch, Quality
from localwhisper.setting_types import (
    choice,
    comma_separated,
    command_line,
    folder,
    integer,
    matching,
    optional_choice,
    optional_folder,
    optional_text,
    optional_url,
    plain_text,
    scheduler_address,
    seconds,
    webhook,
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The configuration of one run; one field for each row of SETTINGS."""

    default_model: str
    max_concurrent_jobs: int
    websocket_ping_interval: float  # seconds
    websocket_timeout: float  # seconds
    host: str
    port: int
    data_dir: Path
    model_dir: Path
    hub_cache: Path
    model_mirror: str | None
    token: str | None
    allowed_hosts: tuple[str, ...]
    allowed_origins: tuple[str, ...]
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    forwarded_host: bool
    path_prefix: str  # "" or "/…", without a trailing slash
    max_upload_bytes: int
    max_audio_seconds: float
    model_idle_timeout: float  # seconds
    log_format: str  # console, json
    quality: Quality
    batch: Batch | None
    webhooks: tuple[str, ...]
    webhook_secret: str | None
    job_end_command: tuple[str, ...]
    scheduler: str | None
    cluster_certificates: Path | None

    @property
    def option_defaults(self) -> Mapping[str, object]:
        """The values of those job options whose default is a setting."""
        return {name: getattr(self, option.setting) for name, option in OPTIONS.items() if option.setting}


@dataclass(frozen=True)
class Setting:
    """One row of the table. `parse` takes the user's text and raises ValueError if it isn't accepted."""

    field: str
    env: str
    default: str  # as a user would write it; "" for none
    parse: Callable[[str], object]
    accepted: str
    help: str
    is_secret: bool = False  # never on the command line of a process that this one starts

    @property
    def flag(self) -> str:
        return "--" + self.field.replace("_", "-")


GIB = 1024**3
QUALITY, BATCH = OPTIONS["quality"], OPTIONS["batch"]
SETTINGS: tuple[Setting, ...] = (
    Setting("default_model", "DEFAULT_MODEL", "medium", plain_text, "a model's name",
            "model for jobs that don't choose one"),
    Setting("max_concurrent_jobs", "MAX_CONCURRENT_JOBS", "3", integer(1, 64), "a whole number from 1 to 64",
            "jobs transcribed at the same time"),
    Setting("websocket_ping_interval", "WEBSOCKET_PING_INTERVAL", "30", seconds, "a number of seconds above 0",
            "seconds between WebSocket pings"),
    Setting("websocket_timeout", "WEBSOCKET_TIMEOUT", "300", seconds, "a number of seconds above 0",
            "seconds of silence after which a WebSocket is closed"),
    Setting("host", "LOCALWHISPER_HOST", "127.0.0.1", plain_text, "a host name or an IP address",
            "address to listen on"),
    Setting("port", "LOCALWHISPER_PORT", "9000", integer(0, 65535), "a port from 0 (picks a free one) to 65535",
            "port to listen on; 0 picks a free one"),
    Setting("data_dir", "LOCALWHISPER_DATA_DIR", platformdirs.user_data_dir("localwhisper", appauthor=False),
            folder, "a folder", "folder for jobs, uploads and results"),
    Setting("model_dir", "LOCALWHISPER_MODEL_DIR", "", optional_folder, "a folder",
            "folder for checkpoints; by default openai-whisper's cache, so that existing downloads are used"),
    Setting("hub_cache", "HF_HUB_CACHE", "", optional_folder, "a folder",
            "Hugging Face's cache, whose Whisper models can be imported; by default where its own programs have it"),
    Setting("model_mirror", "LOCALWHISPER_MODEL_MIRROR", "", optional_url, "a URL that starts with http:// or https://",
            "base URL of a mirror for the checkpoints"),
    Setting("token", "LOCALWHISPER_TOKEN", "", optional_text, "text without control characters",
            "bearer token; required to listen beyond loopback", is_secret=True),
    Setting("allowed_hosts", "LOCALWHISPER_ALLOWED_HOSTS", "", comma_separated(matching(r"[A-Za-z0-9._-]+")),
            "host names separated by commas", "additional host names that browsers may use, such as a proxy's"),
    Setting("allowed_origins", "LOCALWHISPER_ALLOWED_ORIGINS", "",
            comma_separated(matching(r"https?://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?")),
            "origins separated by commas, such as https://app.example", "other sites whose pages may use the server"),
    Setting("trusted_proxies", "LOCALWHISPER_TRUSTED_PROXIES", "", comma_separated(ip_network),
            "IP addresses or networks separated by commas", "proxies whose X-Forwarded headers are trusted"),
    Setting("forwarded_host", "LOCALWHISPER_FORWARDED_HOST", "false", parse_boolean, ", ".join(BOOLEANS),
            "whether the trusted proxies set X-Forwarded-Host themselves; otherwise it is ignored"),
    Setting("path_prefix", "LOCALWHISPER_PATH_PREFIX", "", matching(r"|(/[A-Za-z0-9._~-]+)+/?"),
            "a path such as /whisper", "path under which a proxy serves localwhisper"),
    Setting("max_upload_bytes", "MAX_UPLOAD_BYTES", str(4 * GIB), integer(1, 2**50), "a whole number of bytes",
            "largest file accepted, in bytes"),
    Setting("max_audio_seconds", "MAX_AUDIO_SECONDS", str(12 * 3600), seconds, "a number of seconds above 0",
            "longest recording accepted, in seconds"),
    Setting("model_idle_timeout", "MODEL_IDLE_TIMEOUT", "300", seconds, "a number of seconds above 0",
            "seconds after which an unused model is removed from memory"),
    Setting("log_format", "LOCALWHISPER_LOG_FORMAT", "console", choice("console", "json"), "console or json",
            "console: errors as text; json: every record as one JSON object per line"),
    Setting("quality", "LOCALWHISPER_QUALITY", "exact", choice(*QUALITY.choices), QUALITY.accepted,
            "for jobs that don't choose: exact (openai-whisper's own text), fast, or compact (least memory)"),
    Setting("batch", "LOCALWHISPER_BATCH", "", optional_choice(*BATCH.choices), BATCH.accepted,
            "auto: decode several windows at once, without the preceding text; the default if quality is fast"),
    Setting("webhooks", "LOCALWHISPER_WEBHOOKS", "", comma_separated(webhook), "http or https URLs separated by commas",
            "addresses that are told when a job ends"),
    Setting("webhook_secret", "LOCALWHISPER_WEBHOOK_SECRET", "", optional_text, "text without control characters",
            "key with which those requests are signed", is_secret=True),
    Setting("job_end_command", "LOCALWHISPER_JOB_END_COMMAND", "", command_line, "a command with its arguments",
            "command that is run when a job ends, with the job's id and state, and its JSON as input"),
    Setting("scheduler", "LOCALWHISPER_SCHEDULER", "", scheduler_address,
            "tls://HOST:PORT, or tcp://HOST:PORT on this machine alone (localhost)",
            "dask scheduler whose workers transcribe the jobs; by default this process does"),
    Setting("cluster_certificates", "LOCALWHISPER_CLUSTER_CERTIFICATES", "", optional_folder, "a folder",
            "the cluster's certificates, for tls://; by default those in the data directory"),
)  # fmt: skip

SCHEDULER = next(setting for setting in SETTINGS if setting.field == "scheduler")
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
# this machine as containers call it; no page on the internet can have such a name
CONTAINER_HOSTS = frozenset({"host.docker.internal", "gateway.docker.internal", "host.containers.internal"})
LOCALHOST_HOSTS = frozenset({"127.0.0.1", "0.0.0.0", "::"})  # servers on these are reached as localhost


def load(flags: Mapping[str, str | None], environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings: a flag, by field name, wins over the environment, and that over the default.

    Raises BadSetting.
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
    values["hub_cache"] = values["hub_cache"] or hub_cache_dir(environ)
    settings = Settings(**values)  # type: ignore[arg-type]  # a test compares the table with Settings
    if settings.host not in LOOPBACK_HOSTS and settings.token is None:
        raise BadSetting(
            name="--host",
            value=settings.host,
            accepted="an address beyond loopback only if LOCALWHISPER_TOKEN is set",
        )
    return settings


def local_url(host: str, port: int) -> str:
    """The URL at which programs on this machine reach a server that listens on `host`."""
    if host in LOCALHOST_HOSTS:
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def child_flags(flags: Mapping[str, str | None]) -> list[str]:
    """The flags that give another localwhisper the same settings, without the secret ones.

    Other users of the machine can read a process's command line, but not its environment.
    """
    texts = [(setting.flag, flags.get(setting.field)) for setting in SETTINGS if not setting.is_secret]
    return [part for flag, text in texts if text is not None for part in (flag, text)]


def secret_variables(flags: Mapping[str, str | None]) -> dict[str, str]:
    """The environment variables of those settings that child_flags() leaves out."""
    texts = {setting.env: flags.get(setting.field) for setting in SETTINGS if setting.is_secret}
    return {name: text for name, text in texts.items() if text is not None}


def child_environment(flags: Mapping[str, str | None], environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment of a localwhisper that this process starts."""
    return {**environ, **secret_variables(flags)}


def whisper_cache_dir(environ: Mapping[str, str]) -> Path:
    """The folder where openai-whisper keeps the checkpoints it downloads."""
    return _cache_dir(environ) / "whisper"


def hub_cache_dir(environ: Mapping[str, str]) -> Path:
    """The folder where Hugging Face's programs keep the models they download."""
    home = environ.get("HF_HOME")
    return (Path(home) if home else _cache_dir(environ) / "huggingface") / "hub"


def _cache_dir(environ: Mapping[str, str]) -> Path:
    cache = environ.get("XDG_CACHE_HOME")
    return Path(cache) if cache else Path.home() / ".cache"


def as_markdown() -> str:
    """The table of settings in the docs."""
    rows = ["| environment | flag | default | meaning |", "| --- | --- | --- | --- |"]
    for setting in SETTINGS:
        default = f"`{setting.default}`" if setting.default else "none"
        if setting.field == "data_dir":
            default = "the user's data folder"
        rows.append(f"| `{setting.env}` | `{setting.flag}` | {default} | {setting.help} |")
    return "\n".join(rows)
