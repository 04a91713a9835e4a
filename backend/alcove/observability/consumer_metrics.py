"""The metrics of webhooks and handlers (K)."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

#: The outcomes of an attempt to deliver an entry.
_OUTCOMES = ("delivered", "failed")


class ConsumerMetricFamilies:
    """The metrics of all consumers. Their label `consumer` is the consumer's name, which the application chooses."""

    def __init__(self, registry: CollectorRegistry) -> None:
        labels = ["consumer"]
        self.deliveries = Counter(
            "alcove_consumer_deliveries",
            "Attempts to deliver an entry to a webhook or handler, by outcome: delivered or failed.",
            [*labels, "outcome"],
            registry=registry,
        )
        self.missed = Counter(
            "alcove_consumer_missed", "Entries that retention removed before delivery.", labels, registry=registry
        )
        self.delay = Histogram(
            "alcove_consumer_delay_seconds",
            "Time between storing and delivering an entry, in seconds.",
            labels,
            buckets=(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 60, 600, 3600, 86_400),
            registry=registry,
        )
        self.pending = Gauge(
            "alcove_consumer_pending_items", "Items in memory with entries to deliver.", labels, registry=registry
        )
        self.parked = Gauge(
            "alcove_consumer_parked_items", "Items that wait for an operator (K3).", labels, registry=registry
        )
        self.has_lease = Gauge(
            "alcove_consumer_leading", "1: this process delivers (K4); 0: it does not.", labels, registry=registry
        )
        self.disabled = Gauge(
            "alcove_consumer_disabled", "1: the receiver answered 410 (K3); 0: it did not.", labels, registry=registry
        )


class ConsumerMetrics:
    """The metrics of one consumer: the webhook, or a handler of the application."""

    def __init__(self, families: ConsumerMetricFamilies, name: str) -> None:
        self.delivered, self.failed = (families.deliveries.labels(name, outcome) for outcome in _OUTCOMES)
        self.missed = families.missed.labels(name)
        self.delay = families.delay.labels(name)
        self.pending, self.parked = families.pending.labels(name), families.parked.labels(name)
        self.has_lease, self.disabled = families.has_lease.labels(name), families.disabled.labels(name)
