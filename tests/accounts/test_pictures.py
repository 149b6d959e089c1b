"""Profile pictures: decoded with care, re-encoded, and free of what was hidden in them."""

import struct
import zlib
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from accounts.pictures import MAX_PICTURE_BYTES, PictureRefused, profile_picture
from tests.people import browser_of, make_user

MINE = "/api/v1/me/picture"


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    output = BytesIO()
    picture.save(output, kind, **options)
    return output.getvalue()


def put(client: Client, data: bytes, name: str = "me.png") -> Any:
    boundary = "frontier"
    body = (
        (
            f'--{boundary}\r\nContent-Disposition: form-data; name="picture"; filename="{name}"\r\n'
            "Content-Type: image/png\r\n\r\n"
        ).encode()
        + data
        + f"\r\n--{boundary}--\r\n".encode()
    )
    return client.put(MINE, body, content_type=f"multipart/form-data; boundary={boundary}")


def bomb(width: int, height: int) -> bytes:
    """A tiny PNG whose header promises far more pixels than it has."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1_000_000), 9)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_becomes_a_square_webp(kind: str) -> None:
    result = Image.open(BytesIO(profile_picture(encoded(Image.new("RGB", (640, 320)), kind))))
    assert (result.format, result.size) == ("WEBP", (256, 256))


def test_it_stands_upright_and_keeps_no_metadata() -> None:
    sideways = Image.new("RGB", (200, 200), "blue")
    sideways.paste("red", (0, 0, 200, 100))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise
    exif[0x010E] = "where I live"

    data = profile_picture(encoded(sideways, "JPEG", exif=exif, quality=95))
    result = Image.open(BytesIO(data))

    assert b"where I live" not in data
    assert not result.getexif()
    red, _, blue = result.convert("RGB").getpixel((200, 128))  # type: ignore[misc]
    assert red > 200
    assert blue < 60


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_every_kind_of_pixel_is_taken(mode: str) -> None:
    assert profile_picture(encoded(Image.new(mode, (30, 50)), "PNG"))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        encoded(Image.new("RGB", (9, 9)), "GIF"),
        encoded(Image.new("RGB", (9, 9)), "BMP"),
        encoded(Image.new("RGB", (900, 900)), "PNG")[:-40],
        encoded(Image.effect_noise((90, 90), 50), "JPEG")[:500],
        b"\0" * (MAX_PICTURE_BYTES + 1),
        bomb(100_000, 100_000),
        bomb(7000, 7000),
        bomb(0, 0),
    ],
    ids=[
        "empty",
        "gif-head",
        "svg",
        "gif",
        "bmp",
        "cut-png",
        "cut-jpeg",
        "large",
        "bomb",
        "49-megapixels",
        "no-pixels",
    ],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(PictureRefused):
        profile_picture(data)


@given(st.binary(max_size=300), st.sampled_from(["JPEG", "PNG", "WEBP"]))
def test_no_bytes_break_it(noise: bytes, kind: str) -> None:
    good = encoded(Image.new("RGB", (20, 20)), kind)
    for data in (noise, good[:40] + noise, good + noise, good[:-20] + noise):
        try:
            assert profile_picture(data)
        except PictureRefused as refusal:
            assert refusal.field == "picture"


@pytest.mark.django_db
def test_a_picture_is_put_shown_and_taken_away() -> None:
    browser = browser_of(make_user("ada"))

    url = put(browser, encoded(Image.new("RGB", (300, 300), "red"), "PNG")).json()["picture_url"]
    shown = Client().get(url)
    assert shown.status_code == 200
    assert shown.headers["Content-Type"] == "image/webp"
    assert Image.open(BytesIO(b"".join(shown))).size == (256, 256)

    assert browser.delete(MINE).status_code == 204
    assert Client().get(url).status_code == 404
    assert browser.get("/api/v1/me").json()["picture_url"] is None


@pytest.mark.django_db
def test_a_bomb_is_a_clear_400_and_changes_nothing() -> None:
    browser = browser_of(make_user("ada"))
    response = put(browser, bomb(100_000, 100_000))
    assert response.status_code == 400
    assert response.json()["code"] == "invalid_picture"
    assert "megapixels" in response.json()["detail"]
    assert browser.get("/api/v1/me").json()["picture_url"] is None


@pytest.mark.django_db
@pytest.mark.parametrize("handle", ["nobody", "ADA%00", "x" * 10_000, "é"])
def test_no_person_no_picture(handle: str) -> None:
    assert Client().get(f"/api/v1/users/{handle}/picture").status_code == 404


@pytest.mark.django_db
def test_a_put_without_a_picture_is_refused() -> None:
    browser = browser_of(make_user())
    assert browser.put(MINE, b"x", content_type="image/png").status_code == 415
    assert put(browser, b"").status_code == 400
