"""Pictures that people send: known by their content, bounded, freed of what else is in them (pure).

A phone writes into a photo where and when it was taken, and with what. None of it is kept: the
picture is drawn anew from its pixels.
"""

from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

#: By content: the first bytes, where they begin, and the format's name.
_SIGNATURES = (
    (0, b"\xff\xd8\xff", "JPEG"),
    (0, b"\x89PNG\r\n\x1a\n", "PNG"),
    (8, b"WEBP", "WEBP"),
)
#: Of a picture before it is made smaller; a worker needs about 10 bytes for each.
MOST_PIXELS = 25_000_000
#: Longest sides of what is kept.
SIDE_PX, THUMBNAIL_PX = 2_048, 320
QUALITY = 82


class BadPicture(ValueError):
    """Not a picture that is kept; the text is a word for why."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What is kept of one: the content as JPEG, its size in pixels, and a small one (JPEG)."""

    content: bytes
    width: int
    height: int
    thumbnail: bytes


def format_of(data: bytes) -> str:
    """`JPEG`, `PNG` or `WEBP` by the first bytes; BadPicture for anything else."""
    for at, signature, name in _SIGNATURES:
        if data.startswith(signature, at):
            return name
    raise BadPicture("not_a_picture")


def clean(data: bytes) -> Picture:
    """The picture in `data` upright, in bounds and without metadata; BadPicture where none is."""
    name = format_of(data)
    try:
        with Image.open(BytesIO(data), formats=[name]) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise BadPicture("too_many_pixels")
            picture = _upright(opened)
    except BadPicture:
        raise
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise BadPicture("damaged") from None
    picture.thumbnail((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS)
    small = picture.copy()
    small.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX), Image.Resampling.LANCZOS)
    return Picture(_jpeg(picture), picture.width, picture.height, _jpeg(small))


def _upright(opened: Image.Image) -> Image.Image:
    """Turned as the camera said, on white where it was transparent."""
    opened.draft("RGB", (SIDE_PX, SIDE_PX))
    turned = ImageOps.exif_transpose(opened).convert("RGBA")
    paper = Image.new("RGB", turned.size, "white")
    paper.paste(turned, mask=turned.getchannel("A"))
    return paper


def _jpeg(picture: Image.Image) -> bytes:
    out = BytesIO()
    picture.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()
