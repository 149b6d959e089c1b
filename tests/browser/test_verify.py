"""A visitor has a copy looked at."""

from pathlib import Path

from bench.copies import decoded, mp4, scaled
from common.objects import store
from tests.browser.conftest import Watched
from tests.marked import make_marked_clip
from tests.people import make_user


def test_a_visitor_is_told_what_a_half_size_copy_is(watched: Watched, tmp_path: Path) -> None:
    clip = make_marked_clip(make_user("nova"), folder=tmp_path / "made")
    with store().open_range(clip.video.digest) as content:
        frames = decoded(b"".join(content))
    (tmp_path / "copy.mp4").write_bytes(mp4(scaled(frames, 0.5), crf=23))
    watched.open("/verify")
    watched.page.set_input_files("[name=file]", tmp_path / "copy.mp4")
    watched.page.get_by_role("button", name="Check it").click()
    watched.page.get_by_role("heading", name="Made here, by a machine").wait_for()
    said = watched.page.inner_text("main")
    assert "50 % of the original" in said
    assert "No C2PA manifest" in said
    watched.page.get_by_role("link", name="is on this site").click()
    watched.page.wait_for_url(f"**/clips/{clip.pk}")
