"""Carbet as people meet it: the real server, its real media worker, and real browsers."""
