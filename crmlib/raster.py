"""A cloud of very many points as one small picture inside the SVG.

Its colours are no tokens of the page: a picture cannot ask for one, and one seen through a mask makes a printed page of
30 kB one of 140 kB. They lie between the tokens' light and dark values, at least 3:1 on both grounds.
"""

import struct
import zlib
from base64 import b64encode

import numpy as np

MIDDLE = {"c1": "2f7fc4", "c2": "cf5a17", "c3": "0f8a7b", "c4": "9a5fb3", "c5": "96711a", "c6": "76838f"}
Box = tuple[str, str, str, str]  # x, y, width and height, as they are written


def png(opaque: np.ndarray, colour: str) -> bytes:
    """One colour, how opaque in rows of bytes (0 to 255), as a PNG file with a palette."""
    shades, index = np.unique(opaque, return_inverse=True)
    high, wide = opaque.shape
    lines = np.zeros((high, wide + 1), np.uint8)  # each line begins with its filter: none
    lines[:, 1:] = index.reshape(high, wide)
    parts = {
        b"IHDR": struct.pack(">2I5B", wide, high, 8, 3, 0, 0, 0),
        b"PLTE": bytes.fromhex(colour) * len(shades),
        b"tRNS": shades.astype(np.uint8).tobytes(),
        b"IDAT": zlib.compress(lines.tobytes(), 9),
        b"IEND": b"",
    }
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts.items())


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def picture(opaque: np.ndarray, token: str, box: Box) -> str:
    """The SVG element of a cloud in the colour that stands for a token."""
    x, y, wide, high = box
    data = b64encode(png(opaque, MIDDLE[token])).decode()
    place = f'x="{x}" y="{y}" width="{wide}" height="{high}"'
    return f'<image {place} preserveAspectRatio="none" href="data:image/png;base64,{data}"/>'
