"""Pictures drawn for tests, as a camera's page would send them: noise does not compress away."""

import io
import random
from typing import Any

from PIL import Image


def drawn(
    width: int = 64,
    height: int = 48,
    kind: str = "image/jpeg",
    seed: int = 1,
    grain: int = 16,
    **save: Any,
) -> bytes:
    """A picture of that type, different for each seed; more `grain` is more bytes."""
    dots = random.Random(seed).randbytes(grain * grain * 3)
    picture = Image.frombytes("RGB", (grain, grain), dots).resize((width, height))
    out = io.BytesIO()
    picture.save(out, "WEBP" if kind == "image/webp" else "JPEG", **save)
    return out.getvalue()


def stage(
    data: bytes, width: int = 64, height: int = 48, kind: str = "image/jpeg"
) -> dict[str, Any]:
    """What `still_begin` says of it."""
    return {"bytes": len(data), "type": kind, "width": width, "height": height}
