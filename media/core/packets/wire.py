"""What one packet costs on the wire beside its payload, in bytes. One home for every count."""

DATAGRAM = 28  # IPv4 and UDP
HEADER = 12  # RTP
NUMBER = 8  # the header extension with the transport-wide number
TAG = 16  # SRTP with AES-GCM (RFC 7714)
AROUND = DATAGRAM + TAG  # around an RTP packet
OVERHEAD = AROUND + HEADER + NUMBER  # around a payload
