"""The lists of names and terms that the user keeps."""

import asyncio

from localwhisper.errors import InvalidBody
from localwhisper.server.base import BaseHandler


class TermListsHandler(BaseHandler):
    async def get(self) -> None:
        lists = await asyncio.to_thread(self.dependencies.term_lists.all)
        self.write_json({"term_lists": [{"name": name, "terms": terms} for name, terms in lists.items()]})


class TermListHandler(BaseHandler):
    async def put(self, name: str) -> None:
        terms = self.json_body().get("terms")
        if not isinstance(terms, str):
            raise InvalidBody(reason='it needs the text "terms"')
        await asyncio.to_thread(self.dependencies.term_lists.put, name, terms)
        self.write_json({"name": name, "terms": terms})

    async def delete(self, name: str) -> None:
        await asyncio.to_thread(self.dependencies.term_lists.remove, name)
        self.set_status(204)
        self.finish()
