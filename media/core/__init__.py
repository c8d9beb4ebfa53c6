"""Pure rules of forwarding: bytes and times in, bytes and decisions out.

Imports itself and the standard library. No clock, no socket, no logging, no randomness: time is
an argument (seconds, float, monotonic, unless said otherwise), random numbers are given.
"""
