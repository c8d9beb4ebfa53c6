"""Packets, no people: peers are opaque ids. Only `media.client` may be imported from outside."""
