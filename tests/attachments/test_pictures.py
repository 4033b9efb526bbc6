"""Pictures as phones send them, and what is kept of them."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from trips import pictures
from trips.pictures import BadPicture, clean, format_of

GPS_TAG, ORIENTATION_TAG, MAKER_TAG = 0x8825, 0x0112, 0x010F


def photo(size: tuple[int, int] = (400, 300), kind: str = "JPEG", **save: object) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, "teal").save(out, kind, **save)
    return out.getvalue()


def taken_sideways() -> bytes:
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = 6
    exif[MAKER_TAG] = "Omar's phone"
    exif.get_ifd(GPS_TAG)[1] = "N"
    return photo(exif=exif)


def opened(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_type_is_known_by_the_content(kind: str) -> None:
    assert format_of(photo(kind=kind)) == kind
    assert opened(clean(photo(kind=kind)).content).format == "JPEG"


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"<svg onload=alert(1)>", b"%PDF-1.7", b"RIFF"])
def test_anything_else_is_no_picture(data: bytes) -> None:
    with pytest.raises(BadPicture, match="not_a_picture"):
        clean(data)


def test_where_and_with_what_it_was_taken_is_not_kept() -> None:
    sideways = taken_sideways()
    assert b"Omar" in sideways
    kept = clean(sideways)
    for content in (kept.content, kept.thumbnail):
        assert b"Omar" not in content
        assert not opened(content).getexif()


def test_a_photo_taken_sideways_stands_upright() -> None:
    kept = clean(taken_sideways())
    assert (kept.width, kept.height) == (300, 400)


def test_a_large_one_is_made_smaller_and_gets_a_thumbnail() -> None:
    kept = clean(photo((4_000, 3_000)))
    assert (kept.width, kept.height) == opened(kept.content).size
    assert max(kept.width, kept.height) <= pictures.SIDE_PX
    assert max(opened(kept.thumbnail).size) == pictures.THUMBNAIL_PX


def test_what_is_transparent_becomes_paper() -> None:
    out = BytesIO()
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(out, "PNG")
    assert opened(clean(out.getvalue()).content).getpixel((10, 10)) == (255, 255, 255)


def test_too_many_pixels_are_refused_before_they_are_unpacked() -> None:
    bomb = BytesIO()
    Image.new("1", (6_000, 6_000)).save(bomb, "PNG")
    assert len(bomb.getvalue()) < 100_000
    with pytest.raises(BadPicture, match="too_many_pixels"):
        clean(bomb.getvalue())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_torn_one_is_damaged_and_no_crash(kind: str) -> None:
    whole = photo((900, 700), kind)
    for cut in (12, 40, len(whole) // 2):
        with pytest.raises(BadPicture, match=r"damaged|not_a_picture"):
            clean(whole[:cut])
