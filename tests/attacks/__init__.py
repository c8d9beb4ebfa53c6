"""Attacks on a running Carbet, while another call is listened to: `python -m tests.attacks`."""
