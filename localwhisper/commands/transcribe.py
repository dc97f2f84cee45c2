"""localwhisper transcribe FILE… | DIR | -: text on stdout and in files, everything else on stderr."""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path

from localwhisper.atomic import SHARED, write_atomically
from localwhisper.client import ServerError
from localwhisper.commands.backends import Backend, Here, There
from localwhisper.commands.bars import Bars
from localwhisper.commands.files import Task, parse_formats, tasks
from localwhisper.errors import BadSetting, LocalWhisperError, Stopped
from localwhisper.options import LAYOUT_OPTIONS, OPTIONS, layout_from_texts
from localwhisper.settings import Settings

STDIN = "-"


def run(options: argparse.Namespace, settings: Settings) -> int:
    """1 where any file failed; the others are done all the same."""
    formats = parse_formats(options.format)
    backend = new_backend(options, settings)
    try:
        if options.files == [STDIN]:
            return _from_stdin(backend, formats)
        todo = tasks(options.files, formats, Path(options.output_dir))
        return transcribe_all(backend, todo, n_jobs=options.jobs, overwrite=options.overwrite, echo=options.verbose)
    finally:
        backend.close()


def new_backend(options: argparse.Namespace, settings: Settings) -> Backend:
    given = {name: getattr(options, name, None) for name in (*OPTIONS, *LAYOUT_OPTIONS)}
    texts = {name: str(value) for name, value in given.items() if value is not None}
    layout = layout_from_texts(texts)
    fields = {name: text for name, text in texts.items() if name in OPTIONS}
    if options.server:
        return There(options.server, settings.token, fields, layout)
    return Here(settings, fields, layout)


def transcribe_all(backend: Backend, todo: Sequence[Task], *, n_jobs: int, overwrite: bool, echo: bool) -> int:
    """The exit code. Ctrl-C ends what runs; what was finished stays."""
    fresh = [task for task in todo if overwrite or not task.is_done]
    bars = Bars(sum(task.source.stat().st_size for task in fresh), len(fresh))
    for task in todo:
        if task not in fresh:
            bars.note(f"{task.source}: done before (--overwrite does it again)")
    pool = ThreadPoolExecutor(n_jobs, thread_name_prefix="transcribe")
    work = [pool.submit(one, backend, task, bars, echo) for task in fresh]
    try:
        wait(work, return_when=FIRST_EXCEPTION)
        return 0 if all(future.result() for future in work) else 1
    except BaseException:
        backend.stop()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        bars.close()


def one(backend: Backend, task: Task, bars: Bars, echo: bool) -> bool:
    """Transcribe a recording and write its files; whether that went well."""
    try:
        with bars.file(task.source.name, task.source.stat().st_size) as report:
            made = backend.transcribe(task.source, report)
        for name, target in task.targets.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(target, made.export(name), mode=SHARED)
    except Stopped:
        return False
    except (LocalWhisperError, ServerError) as error:
        bars.note(f"{task.source}: {error}")
        return False
    except OSError as error:
        bars.note(f"{task.source}: {error.strerror} ({error.filename})")
        return False
    if echo:
        bars.print("\n".join(made.lines))
    bars.note(f"{task.source} → {', '.join(map(str, task.targets.values()))}")
    return True


def _from_stdin(backend: Backend, formats: Sequence[str]) -> int:
    """One recording from stdin, its text in one format on stdout."""
    if len(formats) != 1:
        formats = ("txt",) if set(formats) == set(parse_formats("all")) else formats
    if len(formats) != 1:
        raise BadSetting(name="--format", value=",".join(formats), accepted="one format where the recording is -")
    bars = Bars(0, 1)
    with tempfile.TemporaryDirectory(prefix="localwhisper-") as folder:
        source = Path(folder) / "stdin"
        with open(source, "wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        try:
            with bars.file("stdin", 0) as report:
                content = backend.transcribe(source, report).export(formats[0])
        except ServerError as error:
            print(f"localwhisper: {error}", file=sys.stderr)
            return 1
        finally:
            bars.close()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()
    return 0
