"""Stored files as HTTP answers: from the folder by ranges, from a bucket by a redirect."""

from collections.abc import Mapping
from pathlib import Path

import httpx2
import pytest
from django.http.response import HttpResponseBase
from django.test import RequestFactory

from common.downloads import stored_file
from common.storage import FileSystemStore, ObjectStore, store_from

CONTENT = bytes(range(256)) * 40


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file.mp4"
    path.write_bytes(CONTENT)
    return path


def _ask(
    store: ObjectStore,
    file: Path,
    *,
    is_relative: bool = False,
    headers: Mapping[str, str] | None = None,
) -> HttpResponseBase:
    stored = store.put_file(file, content_type="video/mp4")
    return stored_file(
        RequestFactory().get("/", headers=dict(headers or {})),
        store,
        key=stored.key,
        size_bytes=stored.size_bytes,
        content_type="video/mp4",
        is_relative=is_relative,
    )


def _body(answer: HttpResponseBase) -> bytes:
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def test_a_folder_gives_the_whole_a_part_and_nothing_beyond_the_end(
    tmp_path: Path, file: Path
) -> None:
    store = FileSystemStore(tmp_path / "objects")
    whole = _ask(store, file)
    assert (whole.status_code, _body(whole)) == (200, CONTENT)
    part = _ask(store, file, headers={"Range": "bytes=10-19"})
    assert (part.status_code, _body(part)) == (206, CONTENT[10:20])
    assert part["Content-Range"] == f"bytes 10-19/{len(CONTENT)}"
    assert _ask(store, file, headers={"Range": f"bytes={len(CONTENT)}-"}).status_code == 416
    assert _ask(store, file, headers={"If-None-Match": whole["ETag"]}).status_code == 304


@pytest.mark.services
@pytest.mark.slow
def test_a_bucket_is_where_the_answer_leads_ranges_included(
    tmp_path: Path, file: Path, s3_environ: dict[str, str]
) -> None:
    store = store_from(s3_environ, data_folder=tmp_path)
    answer = _ask(store, file)
    assert answer.status_code == 302
    assert httpx2.get(answer["Location"]).content == CONTENT
    part = httpx2.get(answer["Location"], headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, CONTENT[10:20])
    playlist = _ask(store, file, is_relative=True)
    assert (playlist.status_code, _body(playlist)) == (200, CONTENT)
