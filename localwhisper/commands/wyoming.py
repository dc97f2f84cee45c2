"""localwhisper wyoming: speech to text for Home Assistant, in its protocol, by the jobs of a running server."""

import argparse
import asyncio
import sys

from localwhisper.client import AsyncClient
from localwhisper.commands.standard_streams import say
from localwhisper.errors import BadSetting, PackageMissing
from localwhisper.option_types import SettableIn
from localwhisper.options import OPTIONS
from localwhisper.settings import Settings, local_url

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def run(options: argparse.Namespace, settings: Settings) -> int:
    try:
        from localwhisper.commands.wyoming_server import serve
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("wyoming"):
            raise
        raise PackageMissing(extra="wyoming") from None
    host, _, port = options.listen.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65_535:
        raise BadSetting(name="--listen", value=options.listen, accepted="HOST:PORT, as in 127.0.0.1:10300")
    host = host.strip("[]")
    if host not in LOOPBACK:
        print(f"Whoever reaches {host} can have speech transcribed: the protocol has no token.", file=sys.stderr)
    texts = {
        name: str(value)
        for name, option in OPTIONS.items()
        if SettableIn.CLI in option.settable_in and (value := getattr(options, name, None)) is not None
    }
    url = options.server or local_url(settings.host, settings.port)
    say(f"Speech for {url} is taken at tcp://{options.listen} (Ctrl-C to stop)")
    asyncio.run(serve(AsyncClient(url, token=settings.token), texts, host, int(port)))
    return 0
