"""The numbers, in Prometheus' own format."""

from prometheus_client.parser import text_string_to_metric_families

from server.kernel.metrics import Metrics


def test_what_is_counted_and_what_is_read_is_shown() -> None:
    metrics, packets = Metrics(), {"in": 3, "out": 5}
    metrics.rooms.set(2)
    metrics.logins.labels("code", "in").inc()
    metrics.reading("carbet_media_packets", "Packets", "direction", lambda: packets, counts=True)
    metrics.reading("carbet_media_queue", "Queue", "kind", dict)
    packets["in"] = 4
    shown = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
    }
    assert shown["carbet_rooms",] == 2
    assert shown["carbet_logins_total", "code", "in"] == 1
    assert shown["carbet_media_packets_total", "in"] == 4
    assert shown["carbet_media_packets_total", "out"] == 5
