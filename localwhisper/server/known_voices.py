"""The voices that a user keeps, and whose they may be. Voiceprints themselves are never sent."""

from localwhisper.errors import InvalidBody
from localwhisper.jobs.known_voices import KnownVoice
from localwhisper.server.base import BaseHandler
from localwhisper.server.serializers import Json


class KnownVoicesHandler(BaseHandler):
    async def get(self) -> None:
        voices = await self.dependencies.jobs.known_voices.all()
        self.write_json({"known_voices": [_body(voice) for voice in voices]})

    async def post(self) -> None:
        """Keep the voice of a speaker of a job."""
        match self.json_body():
            case {"job_id": str() as job_id, "speaker": str() as speaker, **others} if not others:
                voice = await self.dependencies.jobs.known_voices.keep(job_id, speaker)
            case _:
                raise InvalidBody(reason='it needs the texts "job_id" and "speaker"')
        self.write_json(_body(voice), 201)

    async def delete(self) -> None:
        await self.dependencies.jobs.known_voices.forget_all()
        self.set_status(204)
        self.finish()


class KnownVoiceHandler(BaseHandler):
    async def delete(self, voice_id: str) -> None:
        await self.dependencies.jobs.known_voices.forget(voice_id)
        self.set_status(204)
        self.finish()


class SuggestionsHandler(BaseHandler):
    async def get(self, job_id: str) -> None:
        found = await self.dependencies.jobs.known_voices.suggestions(job_id)
        self.write_json({"suggestions": [{"speaker": each, "name": voice.name} for each, voice in found.items()]})


def _body(voice: KnownVoice) -> Json:
    return {"id": voice.id, "name": voice.name}
