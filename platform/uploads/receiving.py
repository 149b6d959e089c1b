"""A file on its way in: put on disk as it comes, by a few people at a time."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

from django.core.files.uploadedfile import TemporaryUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import HttpRequest

from common.errors import Invalid, TooMany
from uploads.processing.originals import WORKSHOP_PREFIX, workshop

FIELD = "file"
RETRY_SECONDS = 10
# Each file on its way in holds one of the web server's threads.
PLACES = BoundedSemaphore(8)


class FileMissing(Invalid):
    """There is no file in the request."""

    field = FIELD


class TooManyAtOnce(TooMany):
    """Others are sending files just now."""


class _InWorkshop(TemporaryUploadedFile):
    """A file that is on disk from its first byte, and gone when it is closed."""

    def __init__(self, name: str, content_type: str, charset: str | None) -> None:
        file = tempfile.NamedTemporaryFile(dir=workshop(), prefix=WORKSHOP_PREFIX)  # noqa: SIM115
        super(TemporaryUploadedFile, self).__init__(file, name, content_type, 0, charset)
        self._path = file.name

    def temporary_file_path(self) -> str:
        """Where it is."""
        return self._path


class WorkshopUploadHandler(TemporaryFileUploadHandler):
    """Puts the parts of a form that are files into the workshop, and never into memory."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file."""
        super(TemporaryFileUploadHandler, self).new_file(*args, **kwargs)
        self.file = _InWorkshop(str(self.file_name), str(self.content_type), self.charset)


@contextmanager
def place_to_receive(request: HttpRequest) -> Iterator[None]:
    """Read the request's form in here, before anything else has.  Raises TooManyAtOnce."""
    if not PLACES.acquire(blocking=False):
        raise TooManyAtOnce(
            "Many people are uploading just now; try again in a moment.",
            retry_after_seconds=RETRY_SECONDS,
        )
    try:
        request.upload_handlers = [WorkshopUploadHandler(request)]
        yield
    finally:
        PLACES.release()


def received_file(file: object) -> Path:
    """Where the file that came lies.  Raises FileMissing."""
    if not isinstance(file, _InWorkshop):
        raise FileMissing("Send the video as the multipart field `file`.")
    return Path(file.temporary_file_path())
