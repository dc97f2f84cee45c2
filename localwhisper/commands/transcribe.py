"""localwhisper transcribe FILE… | DIR | -: text goes to stdout and to files, everything else to stderr."""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path

from localwhisper import paths
from localwhisper.atomic import SHARED, write_atomically
from localwhisper.commands.arguments import WITHOUT_EFFECT
from localwhisper.commands.backends import Backend, BackendResult, LocalBackend, ServerFailed
from localwhisper.commands.files import check_folders, collect_tasks
from localwhisper.commands.progress_bars import ProgressBars
from localwhisper.errors import BadSetting, FileMissing, LocalWhisperError, Stopped
from localwhisper.jobs.scripts import lines_of
from localwhisper.jobs.text_words import key_of
from localwhisper.options import LAYOUT_OPTIONS, OPTIONS, layout_from_texts
from localwhisper.settings import Settings
from localwhisper.watching.finished import FinishedRecordings, content_of
from localwhisper.watching.targets import Task, TaskList, parse_formats

STDIN = "-"
MAX_NAMED = 20
WHISPER_BEAMS = 5  # the default of its command


def run(options: argparse.Namespace, settings: Settings) -> int:
    """The exit code: 1 if a file failed. The other files are transcribed nevertheless."""
    formats = parse_formats(options.format)
    script = _script(options.script, options.files)
    backend = create_backend(options, settings, script)
    finished = FinishedRecordings(paths.finished_recordings(settings.data_dir))
    try:
        if options.files == [STDIN]:
            return _transcribe_stdin(backend, formats)
        tasks, others = collect_tasks(options.files, Path(options.output_dir), TaskList(formats, finished))
        check_folders(tasks)
        if others:
            names = ", ".join(str(path) for path in others[:MAX_NAMED]) + (" …" if len(others) > MAX_NAMED else "")
            print(f"Not recordings, by their names and contents: {names}", file=sys.stderr)
        return transcribe_all(
            backend,
            tasks,
            finished,
            n_jobs=options.jobs,
            overwrite=options.overwrite or script is not None,
            echo=options.verbose,
        )
    finally:
        backend.close()
        finished.close()


def _script(path: str | None, sources: Sequence[str]) -> str | None:
    """Read the text of the recording. Raises BadSetting, FileMissing."""
    if path is None:
        return None
    if len(sources) != 1 or Path(sources[0]).is_dir():
        raise BadSetting(name="--script", value=path, accepted="the text of one recording")
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except OSError:
        raise FileMissing(path=path) from None
    except UnicodeDecodeError:
        raise BadSetting(name="--script", value=path, accepted="a text file in UTF-8") from None
    if not any(map(key_of, lines_of(text))):
        raise BadSetting(name="--script", value=path, accepted="a text with words")
    return text


def create_backend(options: argparse.Namespace, settings: Settings, script: str | None = None) -> Backend:
    """`script`: see LocalBackend. Raises BadSetting, InvalidOption, FileMissing, ModelCannotTranslate."""
    values = {name: getattr(options, name, None) for name in (*OPTIONS, *LAYOUT_OPTIONS)}
    texts = {name: str(value) for name, value in values.items() if value is not None}
    layout = layout_from_texts(texts)
    job_options = {name: text for name, text in texts.items() if name in OPTIONS}
    for flag, instead in WITHOUT_EFFECT.items():
        if getattr(options, flag.removeprefix("--"), None) is not None:
            print(f"{flag} has no effect: {instead}", file=sys.stderr)
    if "patience" in job_options and "beam_size" not in job_options:
        print(f"--patience is for beam search: {WHISPER_BEAMS} beams, as in whisper", file=sys.stderr)
        job_options["beam_size"] = str(WHISPER_BEAMS)
    if layout.needs_words and not values.get("word_timestamps") and script is None:
        print("Word times are computed, because subtitles are cut by them", file=sys.stderr)
        job_options["word_timestamps"] = "true"
    if script is not None:
        job_options["word_timestamps"] = "true"
    if layout.max_line_count and not layout.max_line_width and layout.subtitles == "whisper":
        print("--max-line-count has no effect without --max-line-width", file=sys.stderr)
    if options.server:
        if _is_model_file(job_options.get("model", "")):
            accepted = "a model of the server; a file is imported there first"
            raise BadSetting(name="--model", value=job_options["model"], accepted=accepted)
        from localwhisper.commands.server_backend import ServerBackend

        return ServerBackend(options.server, settings.token, job_options, layout, script)
    return LocalBackend(settings, job_options, layout, script)


def _is_model_file(model: str) -> bool:
    return os.path.isfile(model)


def transcribe_all(
    backend: Backend, tasks: Sequence[Task], finished: FinishedRecordings, *, n_jobs: int, overwrite: bool, echo: bool
) -> int:
    """The exit code. Ctrl-C cancels running transcriptions and keeps finished ones."""
    open_tasks = [task for task in tasks if overwrite or not finished.is_done(task.source, task.targets.values())]
    bars = ProgressBars(sum(task.size_bytes for task in open_tasks), len(open_tasks))
    for task in tasks:
        if task not in open_tasks:
            bars.note(f"{task.source}: done before (--overwrite does it again)")
    pool = ThreadPoolExecutor(n_jobs, thread_name_prefix="transcribe")
    futures = [pool.submit(transcribe_one, backend, task, bars, finished, echo) for task in open_tasks]
    try:
        wait(futures, return_when=FIRST_EXCEPTION)
        return 0 if all(future.result() for future in futures) else 1
    except BaseException:
        backend.stop()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        bars.close()


def transcribe_one(backend: Backend, task: Task, bars: ProgressBars, finished: FinishedRecordings, echo: bool) -> bool:
    """Transcribe a recording and write its files; returns whether that succeeded.

    If a file can't be written, the text is printed, so that it isn't lost.
    """
    try:
        content = content_of(task.source)
        with bars.file(task.source.name, task.size_bytes) as on_progress:
            result = backend.transcribe(task.source, on_progress)
        for warning in result.warnings:
            bars.note(f"{task.source}: {warning}")
    except Stopped:
        return False
    except (LocalWhisperError, ServerFailed) as error:
        bars.note(f"{task.source}: {error}")
        return False
    except OSError as error:
        bars.note(f"{task.source}: {error.strerror} ({error.filename})")
        return False
    unwritten = [target for name, target in task.targets.items() if not _write(result, name, target, bars)]
    if not unwritten:  # before the text is printed, which may fail
        finished.add(task.source, content, task.targets.values())
    if echo or unwritten:
        bars.print("\n".join(result.lines))
    if unwritten:
        return False
    targets = ", ".join(map(str, task.targets.values()))
    bars.note(f"{task.source} → {targets} ({result.model}: {result.model_reason})")
    return True


def _write(result: BackendResult, format: str, target: Path, bars: ProgressBars) -> bool:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(target, result.export(format), mode=SHARED)
    except (LocalWhisperError, ServerFailed) as error:
        bars.note(f"{target}: {error}")
        return False
    except OSError as error:
        bars.note(f"{target}: {error.strerror}")
        return False
    return True


def _transcribe_stdin(backend: Backend, formats: Sequence[str]) -> int:
    """Transcribe a recording from stdin and write it to stdout in one format; txt if no format was chosen."""
    if set(formats) == set(parse_formats("all")):
        formats = ("txt",)
    if len(formats) != 1:
        raise BadSetting(name="--format", value=",".join(formats), accepted="one format if the recording is -")
    bars = ProgressBars(0, 1)
    with tempfile.TemporaryDirectory(prefix="localwhisper-") as folder:
        source = Path(folder) / "stdin"
        with open(source, "wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        try:
            with bars.file("stdin", 0) as on_progress:
                result = backend.transcribe(source, on_progress)
            bars.note(f"stdin ({result.model}: {result.model_reason})")
            for warning in result.warnings:
                bars.note(warning)
            content = result.export(formats[0])
        except ServerFailed as error:
            print(f"localwhisper: {error}", file=sys.stderr)
            return 1
        finally:
            bars.close()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()
    return 0
