"""One contract for every object store, run on the folder and on a real S3 server."""

import hashlib
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from common.errors import NotFound, Unavailable
from common.storage import (
    CHUNK_BYTES,
    FileSystemStore,
    ObjectNotFound,
    ObjectStore,
    S3Store,
    UnableToConfigureStore,
    UnableToReachStore,
    UnableToReadRange,
    UnableToUseKey,
    store_from,
)

ABSENT = "0" * 64


@pytest.fixture(
    params=["folder", pytest.param("s3", marks=[pytest.mark.services, pytest.mark.slow])]
)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    environ = {} if request.param == "folder" else request.getfixturevalue("s3_environ")
    return store_from(environ, data_folder=tmp_path / "data")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(bytes(range(256)) * 3000)
    return path


def test_the_key_is_the_sha256_of_the_content_and_twice_is_once(
    store: ObjectStore, file: Path
) -> None:
    first = store.put_file(file, content_type="video/mp4")
    assert first.key == hashlib.sha256(file.read_bytes()).hexdigest()
    assert (first.size_bytes, first.content_type) == (768_000, "video/mp4")
    assert store.put_file(file, content_type="video/mp4") == first
    assert store.exists(first.key)
    assert store.size_of(first.key) == 768_000
    assert file.exists(), "the source file is the caller's"


def test_reads_the_whole_and_every_part(store: ObjectStore, file: Path) -> None:
    content = file.read_bytes()
    key = store.put_file(file, content_type="video/mp4").key
    assert b"".join(store.open_range(key)) == content
    assert b"".join(store.open_range(key, start=10, length=20)) == content[10:30]
    assert b"".join(store.open_range(key, start=700_000)) == content[700_000:]
    assert b"".join(store.open_range(key, start=767_999, length=500)) == content[-1:]
    assert max(len(chunk) for chunk in store.open_range(key)) <= CHUNK_BYTES


def test_a_read_can_be_given_up_halfway(store: ObjectStore, file: Path) -> None:
    key = store.put_file(file, content_type="video/mp4").key
    with store.open_range(key) as reading:
        next(reading)
    assert list(reading) == []


def test_refuses_what_is_not_there(store: ObjectStore, file: Path) -> None:
    key = store.put_file(file, content_type="video/mp4").key
    with pytest.raises(UnableToReadRange):
        store.open_range(key, start=768_000)
    with pytest.raises(ObjectNotFound):
        store.open_range(ABSENT)
    with pytest.raises(NotFound):
        store.size_of(ABSENT)
    assert not store.exists(ABSENT)


@pytest.mark.parametrize(
    "key", ["", "..", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 65, "0" * 64 + "\n", "g" * 64]
)
def test_refuses_keys_that_are_no_hashes(store: ObjectStore, key: str) -> None:
    for ask in (store.open_range, store.size_of, store.exists, store.delete):
        with pytest.raises(UnableToUseKey):
            ask(key)
    with pytest.raises(UnableToUseKey):
        store.presigned_url(key, content_type="video/mp4", expires_seconds=60)


def test_deletes_for_good_and_twice_is_fine(store: ObjectStore, tmp_path: Path) -> None:
    path = tmp_path / "short-lived"
    path.write_bytes(b"soon gone")
    key = store.put_file(path, content_type="text/plain").key
    store.delete(key)
    store.delete(key)
    assert not store.exists(key)
    assert store.put_file(path, content_type="text/plain").key == key
    assert store.exists(key)


def test_an_empty_file_is_an_object_too(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    stored = store.put_file(tmp_path / "empty", content_type="text/plain")
    assert stored.size_bytes == store.size_of(stored.key) == 0
    assert list(store.open_range(stored.key)) == []


def test_many_writers_of_the_same_bytes_agree(store: ObjectStore, file: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        stored = list(pool.map(lambda _: store.put_file(file, content_type="video/mp4"), range(16)))
    assert len(set(stored)) == 1
    assert b"".join(store.open_range(stored[0].key)) == file.read_bytes()


def test_a_source_that_is_not_there_is_said_so(store: ObjectStore, tmp_path: Path) -> None:
    with pytest.raises(UnableToReachStore):
        store.put_file(tmp_path / "nothing", content_type="video/mp4")


def test_the_folder_keeps_no_scraps_and_serves_no_urls(tmp_path: Path, file: Path) -> None:
    store = FileSystemStore(tmp_path / "objects")
    key = store.put_file(file, content_type="video/mp4").key
    store.put_file(file, content_type="video/mp4")
    with pytest.raises(UnableToReachStore):
        store.put_file(tmp_path, content_type="video/mp4")
    kept = [path for path in (tmp_path / "objects").rglob("*") if path.is_file()]
    assert kept == [tmp_path / "objects" / key[:2] / key[2:4] / key]
    assert store.presigned_url(key, content_type="video/mp4", expires_seconds=60) is None


@pytest.mark.slow
@pytest.mark.services
def test_a_presigned_url_serves_ranges_with_type_and_name(
    s3_environ: dict[str, str], tmp_path: Path, file: Path
) -> None:
    store = store_from(s3_environ, data_folder=tmp_path)
    key = store.put_file(file, content_type="application/octet-stream").key
    url = store.presigned_url(
        key, content_type="video/mp4", expires_seconds=60, filename="träume 1.mp4"
    )
    assert url is not None
    request = urllib.request.Request(url, headers={"Range": "bytes=5-9"})  # noqa: S310
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        assert (answer.status, answer.read()) == (206, file.read_bytes()[5:10])
        assert answer.headers["Content-Type"] == "video/mp4"
        assert "tr%C3%A4ume%201.mp4" in answer.headers["Content-Disposition"]
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(url.replace("Signature=", "Signature=0"))  # noqa: S310
    refused.value.close()
    assert refused.value.code == 403


def test_a_bucket_that_does_not_answer_is_unavailable(tmp_path: Path, file: Path) -> None:
    store = S3Store(
        "reverie",
        endpoint_url="http://127.0.0.1:9",
        access_key_id="a",
        secret_access_key="b",
    )
    with pytest.raises(Unavailable):
        store.put_file(file, content_type="video/mp4")
    with pytest.raises(UnableToReachStore):
        store.size_of(ABSENT)


def test_settings_choose_the_store(tmp_path: Path) -> None:
    keys = {"S3_ACCESS_KEY_ID": "a", "S3_SECRET_ACCESS_KEY": "b"}
    assert isinstance(store_from({"S3_BUCKET": ""}, data_folder=tmp_path), FileSystemStore)
    assert isinstance(store_from({"S3_BUCKET": "x", **keys}, data_folder=tmp_path), S3Store)
    with pytest.raises(UnableToConfigureStore, match="S3_BUCKET"):
        store_from(keys, data_folder=tmp_path)
    with pytest.raises(UnableToConfigureStore, match="go together"):
        store_from({"S3_BUCKET": "x", "S3_ACCESS_KEY_ID": "a"}, data_folder=tmp_path)
