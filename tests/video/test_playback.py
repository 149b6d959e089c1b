"""A real browser plays what we make: the MP4, and HLS by itself, from the first frame on."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

PLAY = """async (source) => {
  const video = document.createElement("video");
  video.muted = true;
  document.body.append(video);
  const over = new Promise((resolve) => {
    video.onended = () => resolve("ended");
    video.onerror = () => resolve(video.error.message);
  });
  video.src = source;
  await video.play().catch(() => {});
  return {
    how: await over,
    frames: video.getVideoPlaybackQuality().totalVideoFrames,
    size: [video.videoWidth, video.videoHeight],
    start: video.buffered.length ? video.buffered.start(0) : null,
    duration: video.duration,
  };
}"""


class Quiet(SimpleHTTPRequestHandler):
    extensions_map = {
        ".m3u8": "application/vnd.apple.mpegurl",
        ".m4s": "video/iso.segment",
        ".mp4": "video/mp4",
        "": "text/html",
    }

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address(mp4: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(mp4.parent)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    fresh = chromium.new_page()
    yield fresh
    fresh.close()


@pytest.mark.browser
@pytest.mark.slow
def test_a_browser_plays_every_frame_of_mp4_and_hls(page: Page, address: str) -> None:
    page.goto(f"{address}/")
    for name in ("video.mp4", "index.m3u8"):
        seen = page.evaluate(PLAY, f"{address}/{name}")
        assert seen["how"] == "ended", name
        assert seen["frames"] == 20
        assert seen["size"] == [360, 640]
        assert seen["start"] == 0
        assert seen["duration"] == pytest.approx(2.5, abs=0.01)
