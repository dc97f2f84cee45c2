"""A multipart body with one file, as browsers send it."""

import os
import uuid
from collections.abc import Mapping


class MultipartForm:
    """A multipart body without the bytes of its file: what comes before and after them."""

    def __init__(self, filename: str, fields: Mapping[str, object], file_bytes: int) -> None:
        """`fields` that are None are left out; `file_bytes`: the file's size."""
        boundary = uuid.uuid4().hex
        quoted = filename.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        parts = "".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
            if value is not None
        )
        file = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{quoted}"\r\n\r\n'
        # as the system has the name, in any encoding; the server answers what it does not accept
        self.head = parts.encode("utf-8", "surrogatepass") + os.fsencode(file)
        self.tail = f"\r\n--{boundary}--\r\n".encode()
        self.length = len(self.head) + file_bytes + len(self.tail)
        self.content_type = f"multipart/form-data; boundary={boundary}"


def multipart_form(content: bytes, filename: str, fields: Mapping[str, object]) -> tuple[bytes, str]:
    """Return the whole body and its content type."""
    form = MultipartForm(filename, fields, len(content))
    return form.head + content + form.tail, form.content_type
