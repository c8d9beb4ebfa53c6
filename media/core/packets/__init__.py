"""What stands on the wire: RTP, RTCP, their payloads, the offer and its answer."""
