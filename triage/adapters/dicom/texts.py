"""Texts of an image as they stand in it, in whichever characters it says it is written."""

import warnings

from pydicom.charset import convert_encodings, decode_bytes
from pydicom.valuerep import TEXT_VR_DELIMS


def decoded(value: bytes, charset: bytes) -> str:
    """Return the text of a value; ``charset`` is Specific Character Set (0008,0005) as it stands in the image.

    What cannot be read in it is replaced by a sign that says so.
    """
    names = [name.strip() for name in charset.decode("ascii", "replace").strip("\0 ").split("\\")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name that is none is read as plain ASCII
        encodings = convert_encodings(names)
        text = decode_bytes(value.rstrip(b"\0 "), encodings, {*TEXT_VR_DELIMS, ord("^"), ord("=")})
    return text.strip()
