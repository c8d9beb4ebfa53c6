"""Tests of `signaling`: playbooks of the pure room, then real sockets and both databases."""
