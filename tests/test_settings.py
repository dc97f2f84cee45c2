"""The settings table covers Settings and decides the configuration of a run."""

import dataclasses
import ipaddress
from pathlib import Path

import platformdirs
import pytest

from localwhisper.errors import BadSetting
from localwhisper.settings import LOOPBACK_HOSTS, SETTINGS, Settings, as_markdown, load, local_url

BAD_VALUES = {
    "default_model": ["  ", "a\nb"],
    "max_concurrent_jobs": ["0", "-1", "65", "three", "1.5", "nan"],
    "websocket_ping_interval": ["0", "-3", "soon", "nan", "inf"],
    "websocket_timeout": ["0", "-3", "soon", "nan", "inf"],
    "host": [" ", "a\0b"],
    "port": ["-1", "65536", "http"],
    "data_dir": [" ", "a\nb"],
    "model_dir": [" ", "a\0b"],
    "hub_cache": [" ", "a\0b"],
    "model_mirror": ["ftp://mirror", "mirror.example", "file:///etc"],
    "token": ["  ", "a\nb", "\x01"],
    "allowed_hosts": ["http://box", "a b", "box,,", "box:9000"],
    "allowed_origins": ["*", "box.example", "https://box.example/path", "null"],
    "trusted_proxies": ["proxy", "10.0.0.1/8", "300.1.1.1"],
    "forwarded_host": ["maybe", "2"],
    "path_prefix": ["whisper", "/a b", "/a//b", "//evil.example"],
    "max_upload_bytes": ["0", "-1", "4 GiB", "1e9"],
    "max_audio_seconds": ["0", "12h", "nan", "inf"],
    "model_idle_timeout": ["0", "-1", "never"],
    "log_format": ["xml", "JSON"],
    "quality": ["best", "Exact "],
    "batch": ["on", "8"],
    "webhooks": [
        "ftp://a.example",
        "http://",
        "http://me:word@a.example",
        "http://a.example:99999",
        "http://a.example,",
    ],
    "webhook_secret": ["\n"],
    "job_end_command": ["notify 'a"],
    "scheduler": ["tcp://10.0.0.5:8786", "tcp://box.example:8786", "tls://box", "http://127.0.0.1:8786", "box:8786"],
    "cluster_certificates": [" ", "a\nb"],
}


def test_the_table_has_the_fields_of_settings_in_order() -> None:
    assert [row.field for row in SETTINGS] == [field.name for field in dataclasses.fields(Settings)]


def test_names_are_unique_and_every_row_has_its_texts() -> None:
    for names in ([row.env for row in SETTINGS], [row.flag for row in SETTINGS]):
        assert len(set(names)) == len(names)
    assert all(row.env == row.env.upper() and row.accepted and row.help for row in SETTINGS)


def test_defaults() -> None:
    assert load({}, {}) == Settings(
        default_model="medium",
        max_concurrent_jobs=3,
        websocket_ping_interval=30.0,
        websocket_timeout=300.0,
        host="127.0.0.1",
        port=9000,
        data_dir=Path(platformdirs.user_data_dir("localwhisper", appauthor=False)),
        model_dir=Path.home() / ".cache" / "whisper",
        hub_cache=Path.home() / ".cache" / "huggingface" / "hub",
        model_mirror=None,
        token=None,
        allowed_hosts=(),
        allowed_origins=(),
        trusted_proxies=(),
        forwarded_host=False,
        path_prefix="",
        max_upload_bytes=4 * 1024**3,
        max_audio_seconds=12 * 3600.0,
        model_idle_timeout=300.0,
        log_format="console",
        quality="exact",
        batch=None,
        webhooks=(),
        webhook_secret=None,
        job_end_command=(),
        scheduler=None,
        cluster_certificates=None,
    )


def test_environment_variables() -> None:
    assert [row.env for row in SETTINGS] == [
        "DEFAULT_MODEL",
        "MAX_CONCURRENT_JOBS",
        "WEBSOCKET_PING_INTERVAL",
        "WEBSOCKET_TIMEOUT",
        "LOCALWHISPER_HOST",
        "LOCALWHISPER_PORT",
        "LOCALWHISPER_DATA_DIR",
        "LOCALWHISPER_MODEL_DIR",
        "HF_HUB_CACHE",
        "LOCALWHISPER_MODEL_MIRROR",
        "LOCALWHISPER_TOKEN",
        "LOCALWHISPER_ALLOWED_HOSTS",
        "LOCALWHISPER_ALLOWED_ORIGINS",
        "LOCALWHISPER_TRUSTED_PROXIES",
        "LOCALWHISPER_FORWARDED_HOST",
        "LOCALWHISPER_PATH_PREFIX",
        "MAX_UPLOAD_BYTES",
        "MAX_AUDIO_SECONDS",
        "MODEL_IDLE_TIMEOUT",
        "LOCALWHISPER_LOG_FORMAT",
        "LOCALWHISPER_QUALITY",
        "LOCALWHISPER_BATCH",
        "LOCALWHISPER_WEBHOOKS",
        "LOCALWHISPER_WEBHOOK_SECRET",
        "LOCALWHISPER_JOB_END_COMMAND",
        "LOCALWHISPER_SCHEDULER",
        "LOCALWHISPER_CLUSTER_CERTIFICATES",
    ]


def test_a_flag_wins_over_the_environment_over_the_default() -> None:
    environ = {"MAX_CONCURRENT_JOBS": "5", "LOCALWHISPER_PORT": "8000"}
    settings = load({"port": "7000", "host": None}, environ)
    assert (settings.port, settings.max_concurrent_jobs, settings.host) == (7000, 5, "127.0.0.1")


def test_a_flag_wins_over_a_bad_environment() -> None:
    assert load({"port": "7000"}, {"LOCALWHISPER_PORT": "nonsense"}).port == 7000


def test_an_empty_variable_counts_as_unset() -> None:
    assert load({}, {row.env: "" for row in SETTINGS}) == load({}, {})


def test_every_setting_is_tested_with_bad_values() -> None:
    assert set(BAD_VALUES) == {row.field for row in SETTINGS}


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, values in BAD_VALUES.items() for value in values]
)
def test_a_bad_value_names_the_setting_and_what_it_accepts(field: str, value: str) -> None:
    (row,) = (row for row in SETTINGS if row.field == field)
    with pytest.raises(BadSetting) as by_flag:
        load({field: value}, {})
    assert by_flag.value.params == {"name": row.flag, "value": value, "accepted": row.accepted}
    with pytest.raises(BadSetting) as by_environment:
        load({}, {row.env: value})
    assert by_environment.value.params == {"name": row.env, "value": value, "accepted": row.accepted}
    assert row.env in str(by_environment.value)


@pytest.mark.parametrize("host", sorted(LOOPBACK_HOSTS))
def test_loopback_needs_no_token(host: str) -> None:
    assert load({"host": host}, {}).token is None
    if host != "localhost":
        assert ipaddress.ip_address(host).is_loopback


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", "127.0.0.1.example.org"])
def test_beyond_loopback_needs_a_token(host: str) -> None:
    with pytest.raises(BadSetting, match="LOCALWHISPER_TOKEN"):
        load({"host": host}, {})
    settings = load({"host": host}, {"LOCALWHISPER_TOKEN": "secret"})
    assert (settings.host, settings.token) == (host, "secret")


def test_values_are_normalised() -> None:
    settings = load({"data_dir": "~/jobs", "model_dir": "models", "model_mirror": "https://mirror.example/w/"}, {})
    assert settings.data_dir == Path.home() / "jobs"
    assert settings.model_dir == Path.cwd() / "models"
    assert settings.model_mirror == "https://mirror.example/w"


def test_checkpoints_are_in_openai_whispers_cache_by_default() -> None:
    assert load({}, {"XDG_CACHE_HOME": "/var/cache"}).model_dir == Path("/var/cache/whisper")
    assert load({}, {"XDG_CACHE_HOME": "/var/cache", "LOCALWHISPER_MODEL_DIR": "/models"}).model_dir == Path("/models")


def test_lists_and_the_path_prefix_are_parsed() -> None:
    environ = {
        "LOCALWHISPER_ALLOWED_HOSTS": "box.lan, Other",
        "LOCALWHISPER_TRUSTED_PROXIES": "127.0.0.1,10.0.0.0/8,::1",
        "LOCALWHISPER_FORWARDED_HOST": "yes",
        "LOCALWHISPER_ALLOWED_ORIGINS": "https://app.example,http://localhost:3000",
        "LOCALWHISPER_PATH_PREFIX": "/tools/whisper/",
    }
    settings = load({}, environ)
    assert settings.allowed_hosts == ("box.lan", "Other")
    assert settings.allowed_origins == ("https://app.example", "http://localhost:3000")
    assert settings.forwarded_host
    assert [str(network) for network in settings.trusted_proxies] == ["127.0.0.1/32", "10.0.0.0/8", "::1/128"]
    assert settings.path_prefix == "/tools/whisper"


def test_settings_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        load({}, {}).port = 1  # type: ignore[misc]


def test_the_readme_table_has_every_setting_and_no_local_path() -> None:
    table = as_markdown()
    assert len(table.splitlines()) == len(SETTINGS) + 2
    assert all(f"| `{row.env}` | `{row.flag}` |" in table for row in SETTINGS)
    assert str(Path.home()) not in table


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://localhost:9000"),
        ("localhost", "http://localhost:9000"),
        ("::1", "http://[::1]:9000"),
        ("0.0.0.0", "http://localhost:9000"),
        ("::", "http://localhost:9000"),
        ("fd00::7", "http://[fd00::7]:9000"),
        ("box.example", "http://box.example:9000"),
    ],
)
def test_the_url_of_a_server_on_this_machine(host: str, url: str) -> None:
    assert local_url(host, 9000) == url
