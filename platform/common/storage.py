"""Files by their content: a key is the SHA-256 of the bytes, so nothing is ever overwritten.

One port, `ObjectStore`, and two adapters: a folder, and a bucket that speaks S3.  Storing the same
bytes twice is the same object; a reader sees a whole object or none.
"""

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Protocol, Self
from urllib.parse import quote

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from common.errors import Invalid, NotFound, Unavailable

CHUNK_BYTES = 1 << 18
KEY = re.compile(r"[0-9a-f]{64}", re.ASCII)
LONGEST_URL_SECONDS = 7 * 24 * 3600
MAIN_SHELF = "objects"
MISSING_CODES = frozenset({"404", "NoSuchKey", "NotFound"})
RANGE_CODES = frozenset({"416", "InvalidRange"})


class UnableToUseKey(Invalid):
    """The key is not 64 lower-case hex digits, so it names no object and no path."""


class ObjectNotFound(NotFound):
    """No object has this key."""


class UnableToReadRange(Invalid):
    """The range starts behind the object's last byte."""


class UnableToReachStore(Unavailable):
    """The object store did not do what it was asked; nothing was half done."""


class UnableToConfigureStore(Invalid):
    """The S3_… settings contradict each other."""


@dataclass(frozen=True)
class StoredObject:
    """What was stored: `key` is the SHA-256 of the content in hex."""

    key: str
    size_bytes: int
    content_type: str


class ByteRange(Iterator[bytes]):
    """The bytes of one read, in chunks; closes its source at the end, or when told to."""

    def __init__(self, source: Any, *, length: int) -> None:
        self._source = source
        self._left = length

    def __next__(self) -> bytes:
        chunk: bytes = self._source.read(min(CHUNK_BYTES, self._left)) if self._left else b""
        self._left -= len(chunk)
        if not chunk:
            self.close()
            raise StopIteration
        return chunk

    def close(self) -> None:
        """Let go of the file or connection; reading on ends the iteration."""
        self._left = 0
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class ObjectStore(Protocol):
    """Where finished files live.

    Every method that takes a key raises UnableToUseKey for one that is malformed, and
    UnableToReachStore when the store itself fails.
    """

    def put_file(self, path: Path, *, content_type: str) -> StoredObject:
        """Store the bytes of `path`; the same bytes again are the same object."""
        ...

    def open_range(self, key: str, *, start: int = 0, length: int | None = None) -> ByteRange:
        """The bytes from `start`, at most `length` of them; all the rest when it is None.

        Raises ObjectNotFound, and UnableToReadRange when `start` is behind the last byte.
        """
        ...

    def size_of(self, key: str) -> int:
        """The object's size in bytes.  Raises ObjectNotFound."""
        ...

    def exists(self, key: str) -> bool:
        """Whether there is such an object."""
        ...

    def delete(self, key: str) -> None:
        """Make sure there is no such object; deleting twice is as good as once."""
        ...

    def presigned_url(
        self, key: str, *, content_type: str, expires_seconds: int, filename: str | None = None
    ) -> str | None:
        """A URL that serves the object without us for a while, or None: serve it yourself."""
        ...


def store_from(
    environ: Mapping[str, str], *, data_folder: Path, shelf: str = MAIN_SHELF
) -> ObjectStore:
    """The store the settings ask for: S3 when `S3_BUCKET` is set, else `data_folder/objects`.

    Another `shelf` than `objects` is a store of its own: a folder of that name, or the bucket's
    keys that begin with it.

    `S3_ENDPOINT_URL`, `S3_REGION`, `S3_ACCESS_KEY_ID` and `S3_SECRET_ACCESS_KEY` are optional
    beside it; without keys, boto3 finds the machine's own credentials.
    Raises UnableToConfigureStore for S3 settings without a bucket, or for half a key pair.
    """
    given = {name: value for name, value in environ.items() if name.startswith("S3_") and value}
    if not given:
        return FileSystemStore(data_folder / shelf)
    if "S3_BUCKET" not in given:
        raise UnableToConfigureStore(f"{', '.join(sorted(given))} set, but S3_BUCKET is not.")
    if ("S3_ACCESS_KEY_ID" in given) != ("S3_SECRET_ACCESS_KEY" in given):
        raise UnableToConfigureStore("S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY go together.")
    return S3Store(
        given["S3_BUCKET"],
        endpoint_url=given.get("S3_ENDPOINT_URL"),
        region=given.get("S3_REGION"),
        access_key_id=given.get("S3_ACCESS_KEY_ID"),
        secret_access_key=given.get("S3_SECRET_ACCESS_KEY"),
        prefix="" if shelf == MAIN_SHELF else f"{shelf}/",
    )


class FileSystemStore:
    """Objects as files in a folder, `ab/cd/abcd…`; written aside, flushed, then renamed."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put_file(self, path: Path, *, content_type: str) -> StoredObject:
        """See ObjectStore.  On disk for good when this returns."""
        with _as_unreachable(OSError):
            incoming = self._root / "incoming"
            incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
            with path.open("rb") as source, _aside(incoming) as aside:
                key, size = _copy_hashing(source, aside)
                self._keep(Path(aside.name), self._path_of(key))
        return StoredObject(key=key, size_bytes=size, content_type=content_type)

    def open_range(self, key: str, *, start: int = 0, length: int | None = None) -> ByteRange:
        """See ObjectStore."""
        with _as_unreachable(OSError), self._found(key):
            file = self._path_of(key).open("rb")
        size = os.fstat(file.fileno()).st_size
        if start >= size and (start > 0 or length is not None):
            file.close()
            raise UnableToReadRange(f"Only {size} bytes there are, none at {start}.")
        file.seek(start)
        rest = size - start
        return ByteRange(file, length=rest if length is None else min(length, rest))

    def size_of(self, key: str) -> int:
        """See ObjectStore."""
        with _as_unreachable(OSError), self._found(key):
            return self._path_of(key).stat().st_size

    def exists(self, key: str) -> bool:
        """See ObjectStore."""
        return self._path_of(key).is_file()

    def delete(self, key: str) -> None:
        """See ObjectStore."""
        with _as_unreachable(OSError):
            self._path_of(key).unlink(missing_ok=True)

    def presigned_url(
        self,
        key: str,
        *,
        content_type: str,
        expires_seconds: int,
        filename: str | None = None,
    ) -> str | None:
        """None: a folder serves nothing by itself."""
        _checked(key)
        return None

    def _path_of(self, key: str) -> Path:
        return self._root / _checked(key)[:2] / key[2:4] / key

    def _keep(self, aside: Path, target: Path) -> None:
        if target.is_file():
            return
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        aside.replace(target)
        for folder in (target.parent, target.parent.parent, self._root):
            _flush_folder(folder)

    @contextmanager
    def _found(self, key: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise ObjectNotFound(f"There is no object {key}.") from error


class S3Store:
    """Objects in a bucket, under their key; reading can be left to the bucket's own URLs."""

    def __init__(
        self,
        bucket: str,
        *,
        endpoint_url: str | None = None,
        region: str | None = None,
        access_key_id: str | None = None,
        secret_access_key: str | None = None,
        prefix: str = "",
    ) -> None:
        self._bucket, self._prefix = bucket, prefix
        self._client = boto3.client(
            "s3",
            endpoint_url=endpoint_url,
            region_name=region or "us-east-1",
            aws_access_key_id=access_key_id,
            aws_secret_access_key=secret_access_key,
            config=_client_config(own_endpoint=endpoint_url is not None),
        )

    def put_file(self, path: Path, *, content_type: str) -> StoredObject:
        """See ObjectStore.  Nothing is sent when the bucket has the object already."""
        with _as_unreachable(OSError), path.open("rb") as source:
            key, size = _hash(source)
        if not self._holds(key, size):
            with _as_unreachable(BotoCoreError, ClientError, boto3.exceptions.S3UploadFailedError):
                self._client.upload_file(
                    str(path),
                    self._bucket,
                    self._name(key),
                    ExtraArgs={"ContentType": content_type},
                )
        return StoredObject(key=key, size_bytes=size, content_type=content_type)

    def open_range(self, key: str, *, start: int = 0, length: int | None = None) -> ByteRange:
        """See ObjectStore."""
        end = "" if length is None else start + length - 1
        asked = {"Range": f"bytes={start}-{end}"} if start or length is not None else {}
        with self._answers(key):
            got = self._client.get_object(Bucket=self._bucket, Key=self._name(key), **asked)
        return ByteRange(got["Body"], length=got["ContentLength"])

    def size_of(self, key: str) -> int:
        """See ObjectStore."""
        with self._answers(key):
            head = self._client.head_object(Bucket=self._bucket, Key=self._name(key))
        return int(head["ContentLength"])

    def exists(self, key: str) -> bool:
        """See ObjectStore."""
        try:
            self.size_of(key)
        except ObjectNotFound:
            return False
        return True

    def delete(self, key: str) -> None:
        """See ObjectStore."""
        with self._answers(key):
            self._client.delete_object(Bucket=self._bucket, Key=self._name(key))

    def presigned_url(
        self, key: str, *, content_type: str, expires_seconds: int, filename: str | None = None
    ) -> str | None:
        """A GET URL (Signature Version 4) that answers with this content type and file name."""
        asked = {
            "Bucket": self._bucket,
            "Key": self._name(key),
            "ResponseContentType": content_type,
        }
        if filename is not None:
            asked["ResponseContentDisposition"] = f"attachment; filename*=UTF-8''{quote(filename)}"
        seconds = min(expires_seconds, LONGEST_URL_SECONDS)
        with self._answers(key):
            url: str = self._client.generate_presigned_url(
                "get_object", Params=asked, ExpiresIn=seconds
            )
        return url

    def _name(self, key: str) -> str:
        return self._prefix + _checked(key)

    def _holds(self, key: str, size: int) -> bool:
        try:
            return self.size_of(key) == size
        except ObjectNotFound:
            return False

    @contextmanager
    def _answers(self, key: str) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code in MISSING_CODES:
                raise ObjectNotFound(f"There is no object {key}.") from error
            if code in RANGE_CODES:
                raise UnableToReadRange("The range starts behind the last byte.") from error
            raise UnableToReachStore(f"The bucket refused: {code}.") from error
        except BotoCoreError as error:
            raise UnableToReachStore("The bucket does not answer.") from error


def _client_config(*, own_endpoint: bool) -> Config:
    return Config(
        signature_version="s3v4",
        s3={"addressing_style": "path" if own_endpoint else "auto"},
        connect_timeout=5,
        read_timeout=30,
        retries={"max_attempts": 3, "mode": "standard"},
        # The newer trailing checksums are unknown to many servers that speak S3.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )


def _checked(key: str) -> str:
    if not KEY.fullmatch(key):
        raise UnableToUseKey("An object's key is 64 lower-case hex digits.", field="key")
    return key


def _hash(source: BinaryIO) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(CHUNK_BYTES):
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size


def _copy_hashing(source: BinaryIO, target: Any) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(CHUNK_BYTES):
        digest.update(chunk)
        size += target.write(chunk)
    target.flush()
    os.fsync(target.fileno())
    return digest.hexdigest(), size


@contextmanager
def _aside(folder: Path) -> Iterator[Any]:
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        try:
            yield file
        finally:
            Path(file.name).unlink(missing_ok=True)


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _as_unreachable(*kinds: type[Exception]) -> Iterator[None]:
    try:
        yield
    except kinds as error:
        raise UnableToReachStore("The object store could not be used.") from error
