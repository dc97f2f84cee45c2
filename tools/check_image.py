"""Checks the Dockerfile and the compose file without a container engine.

Runs the Dockerfile's steps in a plain Debian root file system and serves there with the compose file's environment.
Layers, namespaces and the volume are not checked. Needs the rights to chroot.

debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates trixie ROOT
python -m tools.check_image ROOT
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import yaml

from localwhisper.settings import SETTINGS

PROJECT = Path(__file__).parent.parent
DOCKERFILE = PROJECT / "tools" / "docker" / "Dockerfile"
COMPOSE = DOCKERFILE.with_name("compose.yaml")
START_S = 60


class Image:
    def __init__(self, root: Path) -> None:
        self._root = root
        self._user = "root"
        self._environ = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin", "HOME": "/root"}
        self.declared: dict[str, str] = {}  # EXPOSE, VOLUME
        self._entry: list[str] = []
        self._command: list[str] = []
        self._health: list[str] = []

    def step(self, word: str, rest: str) -> None:
        print(f"{word} {rest[:100]}", flush=True)
        match word:
            case "RUN":
                self._call(["sh", "-ec", rest]).check_returncode()
            case "COPY" if not rest.startswith("--from"):  # both stages are built in this one root
                *sources, target = rest.split()
                self._copy([PROJECT / source for source in sources], self._root / target.lstrip("/"))
            case "USER":
                self._user = rest
            case "ENV":
                for part in shlex.split(rest):
                    name, _, value = part.partition("=")
                    self._environ[name] = value.replace("$PATH", self._environ["PATH"])
            case "ARG":
                self._environ.setdefault(rest.partition("=")[0], rest.partition("=")[2])
            case "ENTRYPOINT":
                self._entry = json.loads(rest)
            case "CMD":
                self._command = json.loads(rest)
            case "EXPOSE" | "VOLUME":
                self.declared[word] = rest
            case "HEALTHCHECK":
                self._health = json.loads(rest.partition("CMD ")[2])

    def _copy(self, sources: list[Path], target: Path) -> None:
        target.mkdir(parents=True, exist_ok=True)
        for source in sources:
            if source.is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)

    def _in_root(self, command: list[str]) -> list[str]:
        return ["chroot", f"--userspec={self._user}", str(self._root), "/usr/bin/env", "-C", "/", *command]

    def _call(self, command: list[str]) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(self._in_root(command), env=self._environ, check=False)

    def _is_healthy(self) -> bool:
        command = self._in_root(self._health)
        return not subprocess.run(command, env=self._environ, stderr=subprocess.DEVNULL, check=False).returncode

    def serve(self, environ: dict[str, str]) -> None:
        """Run the entry point until the health check passes, then stop it."""
        self._environ |= environ
        with subprocess.Popen(self._in_root([*self._entry, *self._command]), env=self._environ) as process:
            ends_s = time.monotonic() + START_S
            while not (healthy := self._is_healthy()) and time.monotonic() < ends_s and process.poll() is None:
                time.sleep(1)
            owner = Path(f"/proc/{process.pid}").stat().st_uid
            process.terminate()
        if not healthy or owner == 0 or process.returncode:
            sys.exit(f"healthy: {healthy}, user: {owner}, exit code: {process.returncode}")
        print(f"healthy as user {owner}, and stopped by SIGTERM")


def steps(text: str) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile as (word, rest), with continued lines joined."""
    lines = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    pairs = [line.split(maxsplit=1) for line in lines if line.strip()]
    return [(word, " ".join(rest.split()) if word == "RUN" else rest.strip()) for word, rest in pairs]


def compose_environment(image: Image) -> dict[str, str]:
    """Check the compose file against the image; return the environment that it sets, with a token."""
    (service,) = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"].values()
    build, ports, volumes = service["build"], service["ports"], service["volumes"]
    context = (COMPOSE.parent / build["context"]).resolve()
    environ = {name: re.sub(r"\$\{\w+:[?-](.*)\}", r"\1", value) for name, value in service["environment"].items()}
    matches = {
        "context": context == PROJECT.resolve() and (context / build["dockerfile"]).samefile(DOCKERFILE),
        "ports": [port.rsplit(":", 1)[-1] for port in ports] == [image.declared["EXPOSE"]],
        "volumes": [volume.rsplit(":", 1)[-1] for volume in volumes] == [image.declared["VOLUME"]],
        "environment": set(environ) <= {setting.env for setting in SETTINGS},
    }
    if not all(matches.values()):
        sys.exit(f"{COMPOSE.name} doesn't match the image: {matches}")
    return environ


def main(root: Path) -> None:
    image = Image(root)
    python = root / "usr" / "local" / "bin" / "python"  # where the base image has it
    python.parent.mkdir(parents=True, exist_ok=True)
    if not python.exists():
        python.symlink_to("/usr/bin/python3")
    shutil.copy("/etc/resolv.conf", root / "etc" / "resolv.conf")
    for word, rest in steps(DOCKERFILE.read_text(encoding="utf-8")):
        image.step(word, rest)
    image.serve(compose_environment(image))


if __name__ == "__main__":
    if os.getuid() != 0:
        sys.exit("chroot needs root's rights")
    main(Path(sys.argv[1]))
