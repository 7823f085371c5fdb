"""Draw ``icon.png`` and ``logo.png``: ``python -m addon.draw``, with Pillow installed.

A battery that fills while power is cheap, and the price it saw.  The colours are readable on
Home Assistant's light and dark themes.
"""

import argparse
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

HERE = Path(__file__).parent
ICON = 128  # px, wide and high
LOGO = (250, 100)  # px
FINER = 8  # drawn this many times larger, then reduced: smooth edges

CASE = "#0b7a75"
CHARGE = "#35c48d"
EMPTY = "#dff3ee"
PRICE = "#f5a524"

SHAPES = (  # left, top, right, bottom; colour; radius of the corners; all as shares of the icon
    ((0.36, 0.03, 0.64, 0.16), CASE, 0.04),
    ((0.14, 0.10, 0.86, 0.97), CASE, 0.13),
    ((0.21, 0.17, 0.79, 0.90), EMPTY, 0.07),
    ((0.21, 0.52, 0.79, 0.90), CHARGE, 0.07),
    ((0.21, 0.52, 0.79, 0.60), CHARGE, 0.0),
)
CURVE = ((0.21, 0.36), (0.33, 0.36), (0.42, 0.74), (0.56, 0.74), (0.66, 0.30), (0.79, 0.30))


def icon(size: int) -> Image.Image:
    """A battery of five levels, half of them charged, under a price that falls and rises."""
    n = size * FINER
    image = Image.new("RGBA", (n, n))
    draw = ImageDraw.Draw(image)

    for corners, colour, radius in SHAPES:
        draw.rounded_rectangle([n * at for at in corners], n * radius, fill=colour)
    points = [(n * x, n * y) for x, y in CURVE]
    draw.line(points, fill=PRICE, width=round(n * 0.055), joint="curve")
    return image.resize((size, size), Image.Resampling.LANCZOS)


def logo(width: int, height: int) -> Image.Image:
    """The icon and the name."""
    image = Image.new("RGBA", (width * FINER, height * FINER))
    draw = ImageDraw.Draw(image)
    for text, top, size in (("PowerSync", 0.18, 0.28), ("Optimiser", 0.50, 0.28)):
        font = ImageFont.load_default(round(height * FINER * size))
        draw.text((height * FINER * 0.98, height * FINER * top), text, CASE, font)
    small = image.resize((width, height), Image.Resampling.LANCZOS)
    small.alpha_composite(icon(height - 8), (2, 4))
    return small


if __name__ == "__main__":
    argparse.ArgumentParser(prog="python -m addon.draw", description=__doc__).parse_args()
    icon(ICON).save(HERE / "icon.png", optimize=True)
    logo(*LOGO).save(HERE / "logo.png", optimize=True)
