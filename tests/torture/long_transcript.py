"""How long it takes to correct all lines of a very long transcript at once, and how long others wait meanwhile.

`python -m tests.torture.long_transcript --lines 20000 --words`
"""

import argparse
import json
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from localwhisper.jobs.transcript import Transcript, Word
from localwhisper.store import schema
from tests.http_client import wav
from tests.process.fake_engine_program import START_FILE
from tests.process.server import FakeEngineServer
from tests.step_engine import segment
from tests.torture.many_jobs import longest_s

TEXTS = ("so as to", "be or it", "he and I")


def transcript(n_lines: int, with_words: bool) -> Transcript:
    segments = []
    for number in range(n_lines):
        text, start_s = f" {TEXTS[number % len(TEXTS)]}", float(number)
        words = tuple(
            Word(word=f" {word}", start=start_s + 0.3 * at, end=start_s + 0.3 * at + 0.2, probability=0.9)
            for at, word in enumerate(text.split())
        )
        line = replace(segment(0), id=number, start=start_s, end=start_s + 1, text=text)
        segments.append(replace(line, words=words) if with_words else line)
    text = "".join(each.text for each in segments)
    return Transcript(text=text, language="en", segments=tuple(segments), processing_time=1.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=20_000)
    parser.add_argument("--words", action="store_true", help="the transcript has times of words")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="localwhisper-long-") as folder:
        server = FakeEngineServer(Path(folder) / "data").start()
        (server.data_dir / START_FILE).touch()
        job_id = server.submit_bytes(wav(1.0), "a.wav")
        server.job_when(job_id, "completed")
        file = server.data_dir / "jobs" / job_id / "transcript.json"
        file.write_bytes(schema.dump_transcript(transcript(options.lines, options.words)))
        lines = [{"start": n, "end": n + 1, "text": TEXTS[n % len(TEXTS)][:-1] + "x"} for n in range(options.lines)]
        change = {"version": 0, "at": 0, "remove": options.lines, "segments": lines}
        body = json.dumps(change, separators=(",", ":")).encode()
        is_over = threading.Event()
        with ThreadPoolExecutor() as threads:
            health = threads.submit(longest_s, server, "/health", is_over)
            time.sleep(0.3)
            started_s = time.monotonic()
            answer = server.request("PATCH", f"/job/{job_id}/transcript", body, "application/json")
            took_s = time.monotonic() - started_s
            is_over.set()
        assert answer["version"] == 1, answer
        print(f"{options.lines} lines, {len(body)} bytes: {took_s:.2f} s; longest /health {health.result():.3f} s")
        server.kill()


if __name__ == "__main__":
    main()
