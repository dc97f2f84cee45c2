"""An incremental multipart/form-data parser that writes the file to disk. Knows nothing of HTTP requests."""

from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import multipart

from localwhisper.atomic import make_private_folder, private_opener, storage_errors
from localwhisper.errors import (
    AudioUnreadable,
    DuplicateField,
    InvalidBody,
    MissingFile,
    TooManyOpenFiles,
    UnknownOption,
    UploadTooLarge,
)
from localwhisper.server.connection_limit import MAX_DESCRIPTORS, is_over_limit

MAX_FIELD_BYTES = 64 * 1024
MAX_PARTS = 64


class MultipartForm:
    """One form: the part `file_field` is written to `path`, the other parts are kept in memory.

    `field_names`: names that other parts may have, each at most once; None: any name, any number of times.
    `header` is written before the file's own bytes; `max_descriptors` may be in use when the file is opened.
    Threading: one call at a time, on any thread; write() blocks on the disk.
    """

    def __init__(
        self,
        content_type: str,
        path: Path,
        max_file_bytes: int,
        *,
        file_field: str = "file",
        field_names: Collection[str] | None = None,
        header: bytes = b"",
        max_descriptors: int = MAX_DESCRIPTORS,
    ) -> None:
        kind, options = multipart.parse_options_header(content_type)
        if kind != "multipart/form-data" or not options.get("boundary"):
            raise InvalidBody(reason="it must be multipart/form-data with a boundary")
        self._parser = multipart.PushMultipartParser(
            options["boundary"], max_segment_count=MAX_PARTS, header_charset="latin-1"
        )
        self._path = path
        self._file_field = file_field
        self._field_names = field_names
        self._header = header
        self._max_descriptors = max_descriptors
        self._max_file_bytes = max_file_bytes
        self._file: BinaryIO | None = None
        self._part: str | None = None  # name of the part being received
        self._fields: list[tuple[str, bytearray]] = []
        self.file_bytes = 0  # without the header
        self.filename: str | None = None

    def write(self, chunk: bytes) -> None:
        """Parse the next bytes of the body. Raises a LocalWhisperError if they can't be accepted."""
        try:
            with storage_errors(self._path):
                for event in self._parser.parse(chunk):
                    if isinstance(event, multipart.MultipartSegment):
                        self._begin_part(event)
                    elif event:
                        self._add_data(event)
        except multipart.MultipartError as error:
            raise InvalidBody(reason=str(error.args[0])) from None

    def finish(self) -> list[tuple[str, str]]:
        """The other fields in order. Raises InvalidBody if the body is incomplete, MissingFile, AudioUnreadable."""
        try:
            self._parser.close()
            fields = [(name, bytes(text).decode()) for name, text in self._fields]
        except multipart.MultipartError:
            raise InvalidBody(reason="it ends in the middle of a part") from None
        except UnicodeDecodeError:
            raise InvalidBody(reason="its fields are not UTF-8") from None
        if self._file is None:
            raise MissingFile(field=self._file_field)
        with storage_errors(self._path):
            self._file.close()  # flushes
        if not self.file_bytes:
            raise AudioUnreadable(reason="it is empty")
        return fields

    def discard(self) -> None:
        """Remove the file, if it is still there."""
        if self._file is not None:
            with suppress(OSError):  # the disk is full: write() has raised already
                self._file.close()
            with suppress(OSError):  # the store removes leftovers when it starts
                self._path.unlink(missing_ok=True)

    def _begin_part(self, part: multipart.MultipartSegment) -> None:
        name = self._part = _as_utf8(part.name)
        if name == self._file_field:
            if self._file is not None:
                raise DuplicateField(field=name)
            make_private_folder(self._path.parent)  # it may have been removed
            self._file = open(self._path, "xb", opener=private_opener)  # noqa: SIM115  # close() does
            if is_over_limit(self._file.fileno(), self._max_descriptors):
                raise TooManyOpenFiles
            self._file.write(self._header)
            self.filename = _as_utf8(part.filename) if part.filename else None
        elif not name:
            raise InvalidBody(reason="a part has no name")
        elif self._field_names is not None and name not in self._field_names:
            raise UnknownOption(field=name[:100], accepted=", ".join([self._file_field, *self._field_names]))
        elif self._field_names is not None and any(known == name for known, _ in self._fields):
            raise DuplicateField(field=name)
        else:
            self._fields.append((name, bytearray()))

    def _add_data(self, data: bytes | bytearray) -> None:
        if self._part == self._file_field:
            assert self._file is not None
            self.file_bytes += len(data)
            if self.file_bytes > self._max_file_bytes:
                raise UploadTooLarge(limit_bytes=self._max_file_bytes)
            self._file.write(data)
        else:
            field = self._fields[-1][1]
            field += data
            if len(field) > MAX_FIELD_BYTES:
                raise InvalidBody(reason=f"the field {self._part} is longer than {MAX_FIELD_BYTES} bytes")


def _as_utf8(name: str) -> str:
    """A name from a part's header, which is read as Latin-1, so that a name in any encoding can be accepted."""
    try:
        return name.encode("latin-1").decode()
    except UnicodeError:  # not UTF-8
        return name
