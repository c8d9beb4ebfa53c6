"""The other side of a call, for tests: browsers, a face, a voice, and what receivers got."""
