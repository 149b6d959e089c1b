"""The secrets of the watermark: made once, rotated, never lost, never half there."""

import stat
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from video.keyring import UnableToOpenKeys, ensure_keys, rotate_key


def test_the_first_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "watermark"
    [key] = ensure_keys(folder)
    assert ensure_keys(folder) == (key,)
    assert (key.name, len(key.secret)) == ("key-1", 32)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.read_text() not in repr(key)


def test_a_new_key_comes_first_and_the_old_ones_stay(tmp_path: Path) -> None:
    [first] = ensure_keys(tmp_path)
    second, third = rotate_key(tmp_path), rotate_key(tmp_path)
    assert ensure_keys(tmp_path) == (third, second, first)
    assert len({first.secret, second.secret, third.secret}) == 3
    assert [path.name for path in sorted(tmp_path.iterdir())] == [
        "key-1.txt", "key-2.txt", "key-3.txt"
    ]  # fmt: skip


def test_processes_that_start_together_share_one_key(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        made = {one.result() for one in [pool.submit(ensure_keys, tmp_path) for _ in range(8)]}
    assert len(made) == 1
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        rotated = [pool.submit(rotate_key, tmp_path) for _ in range(4)]
        assert len({one.result().name for one in rotated}) == 4


def test_damaged_keys_are_said_so_and_never_replaced(tmp_path: Path) -> None:
    ensure_keys(tmp_path)
    path = tmp_path / "key-1.txt"
    for damage in (b"", b"no digits at all", b"abcd", b"\xff\xfe"):
        path.write_bytes(damage)
        with pytest.raises(UnableToOpenKeys):
            ensure_keys(tmp_path)
        with pytest.raises(UnableToOpenKeys):
            rotate_key(tmp_path)
        assert path.read_bytes() == damage
    assert [one.name for one in tmp_path.iterdir()] == ["key-1.txt"]
