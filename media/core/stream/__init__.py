"""One stream on its way: renumbered, repaired, reported; who sits and who speaks."""
