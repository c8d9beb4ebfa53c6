"""What a call costs the machine: Carbet, Janus and stock aiortc under the same load."""
