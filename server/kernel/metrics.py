"""Numbers for the operator, in Prometheus' text format. Never labelled by a person, a site or a
consultation: only by closed words.
"""

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Reader = Callable[[], Mapping[str, float]]


class Reading(Collector):
    """Values read from their owner at the moment of the question: `{label value: number}`."""

    def __init__(self, name: str, text: str, label: str, read: Reader, counts: bool) -> None:
        self._family = CounterMetricFamily if counts else GaugeMetricFamily
        self._name, self._text, self._label, self._read = name, text, label, read

    def collect(self) -> Iterable[Metric]:
        family = self._family(self._name, self._text, labels=[self._label])
        for label, value in self._read().items():
            family.add_metric([label], value)
        yield family


class Metrics:
    """One registry and its named instruments."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        self.requests = Counter(
            "carbet_requests", "HTTP answers", ["method", "status"], registry=registry
        )
        self.request_seconds = Histogram(
            "carbet_request_seconds", "Time to answer", registry=registry
        )
        self.sessions = Gauge(
            "carbet_login_sessions", "Open login sessions", ["kind"], registry=registry
        )
        self.sockets = Gauge("carbet_sockets", "Open call sockets", registry=registry)
        self.rooms = Gauge("carbet_rooms", "Consultations with somebody in", registry=registry)
        self.seats = Gauge("carbet_seats", "Seats by stage", ["stage"], registry=registry)
        self.incidents = Counter(
            "carbet_incidents", "Technical incidents noticed", ["kind"], registry=registry
        )
        self.logins = Counter("carbet_logins", "Login steps", ["step", "end"], registry=registry)
        self.refusals = Counter(
            "carbet_refusals", "Requests and events refused", ["why"], registry=registry
        )
        self.link_loss = Histogram(
            "carbet_link_loss", "Estimated loss of a browser's worse direction, every 2 s",
            buckets=(0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5), registry=registry,
        )  # fmt: skip
        self.link_rtt = Histogram(
            "carbet_link_round_trip_seconds", "Estimated round trip to a browser, every 2 s",
            buckets=(0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.2, 2.0), registry=registry,
        )  # fmt: skip
        self.link_rate = Histogram(
            "carbet_link_bits_per_second", "Estimated rate of a browser's link, every 2 s", ["way"],
            buckets=(16e3, 32e3, 64e3, 128e3, 256e3, 512e3, 1e6, 2e6), registry=registry,
        )  # fmt: skip
        self.database_away = Counter(
            "carbet_database_away", "Transactions lost to an absent database", registry=registry
        )
        self.clock_set = Gauge(
            "carbet_clock_set_seconds", "How far the machine's clock was set and not yet believed",
            registry=registry,
        )  # fmt: skip
        self.task_failures = Counter(
            "carbet_task_failures", "Background tasks which failed", ["task"], registry=registry
        )
        self.audit_broken = Gauge(
            "carbet_audit_broken", "1 when the audit chain does not hold", registry=registry
        )

    def reading(
        self, name: str, text: str, label: str, read: Reader, *, counts: bool = False
    ) -> None:
        """Shows numbers which somebody else keeps (packets, estimates, queues of the worker)."""
        self.registry.register(Reading(name, text, label, read, counts))

    def text(self) -> bytes:
        return generate_latest(self.registry)


METRICS = Metrics()
