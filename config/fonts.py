"""The fonts that Typst draws with: FiraGO out of its wheel, then whatever the machine has."""

import importlib
import tempfile
from functools import cache
from pathlib import Path

import typst

FAMILY = "FiraGO"
_STYLES = ("Regular", "Bold")
#: Draws in every style, so that each font file is read.
_SPECIMEN = f'#set text(font: "{FAMILY}")\nAa *Aa*'.encode()


@cache
def fonts() -> typst.Fonts:
    """Fonts for any number of compilers: FiraGO (eight scripts), Typst's own, the system's.

    Typst takes paths only and reads a font when it first needs it: the files are written for
    that moment, and nothing is left behind, however the process ends.
    """
    with tempfile.TemporaryDirectory(prefix="atw-fonts-") as folder:
        for style in _STYLES:
            wheel = importlib.import_module(f"pymupdf_fonts.{FAMILY}_{style}")
            Path(folder, f"{style}.ttf").write_bytes(wheel.fontbuffer)
        found = typst.Fonts(font_paths=[folder])
        typst.Compiler(input=_SPECIMEN, font_paths=found).compile(format="pdf")
    return found
