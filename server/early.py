"""The one script that stands in a page itself: the call page opens its socket before its script has
come, which on a satellite link is three round trips earlier. `js/call/haste.js` takes it over.

The security policy names this text by its digest and no other: nothing else in a page runs.
"""

import base64
import hashlib
from pathlib import Path

TEXT = (Path(__file__).parents[1] / "web/templates/components/early.js").read_text().strip()
DIGEST = base64.b64encode(hashlib.sha256(TEXT.encode()).digest()).decode()
SOURCE = f"'sha256-{DIGEST}'"  # for `script-src`
