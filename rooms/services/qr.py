"""The picture of a link that a phone's camera reads."""

from __future__ import annotations

import io

import segno


def qr_svg(link: str) -> bytes:
    """Return an SVG picture of a link: paths alone, no script, no style, no other file.

    Black on white with the quiet zone of four modules, whatever the page around it looks
    like: cameras read inverted codes badly.

    Args:
        link: Up to some 300 characters stay readable on a screen.

    Raises:
        ValueError: it does not fit into a code.
    """
    picture = io.BytesIO()
    code = segno.make(link, error="m", micro=False)
    code.save(
        picture, kind="svg", scale=1, border=4, dark="#000", light="#fff",
        xmldecl=False, svgclass=None, lineclass=None, omitsize=True,
    )  # fmt: skip
    return picture.getvalue()
