"""A plugin of pytest, ``-p tests.compiled``: tests run on the compiled modules or not at all."""

from media import compiled

if not compiled.use():
    raise RuntimeError("not compiled of these sources: python -m media.compiled")
