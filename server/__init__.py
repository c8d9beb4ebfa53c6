"""The server process: how it starts, its pages, and the kernel everyone shares."""
