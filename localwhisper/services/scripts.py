"""Texts that somebody already has of a recording: they replace the machine's, with the times of their words."""

from dataclasses import replace

from localwhisper.errors import InvalidOption, TranscriptChanged
from localwhisper.jobqueue.job_index import JobIndex
from localwhisper.jobs.script_alignment import Align, AlignedScript, align_script
from localwhisper.jobs.scripts import lines_of
from localwhisper.jobs.speakers import attributed
from localwhisper.jobs.text_words import key_of
from localwhisper.jobs.transcript import Transcript
from localwhisper.services.corrections import Corrections
from localwhisper.services.transcripts import Transcripts
from localwhisper.services.word_times import WordTimes


class Scripts:
    """Threading: the event loop's thread only."""

    def __init__(
        self, index: JobIndex, transcripts: Transcripts, corrections: Corrections, word_times: WordTimes
    ) -> None:
        self._index = index
        self._transcripts = transcripts
        self._corrections = corrections
        self._word_times = word_times

    async def align(self, job_id: str, version: int, text: str) -> tuple[Transcript, AlignedScript]:
        """Replace a completed job's transcript by this text, as a correction of `version`. Who speaks when stays known.

        `text`: a script, or subtitles as SRT or WebVTT. Raises InvalidOption, TranscriptChanged, and what
        WordTimes.get() raises.
        """
        current = await self._word_times.get(job_id)
        if current.version != version:
            raise TranscriptChanged(version=current.version)
        job = self._index.get(job_id)
        machine = await self._transcripts.get(job_id, original=True)

        def work(align: Align) -> AlignedScript | None:
            lines = lines_of(text)
            if not any(map(key_of, lines)):
                return None
            return align_script(lines, machine, job.audio_duration, align)

        script = await self._word_times.run(job, machine.language, work)
        if script is None:
            raise InvalidOption(field="text", value=text[:100], accepted="a text with words")
        transcript = replace(machine, segments=script.segments)
        if current.speakers:
            transcript = attributed(transcript, current.turns, current.speakers)
        return await self._corrections.replace_all(job_id, version, transcript), script
