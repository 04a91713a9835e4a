"""The metrics of webhooks and handlers (K)."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

#: The outcomes of an attempt to deliver an entry.
_OUTCOMES = ("delivered", "failed")


class ConsumerFamilies:
    """The metrics of all consumers; their label is the consumer's name, which the application's code chooses."""

    def __init__(self, registry: CollectorRegistry) -> None:
        label = ["consumer"]
        self.deliveries = Counter(
            "alcove_consumer_deliveries",
            "Attempts to deliver an entry to a webhook or handler, by outcome: delivered or failed.",
            [*label, "outcome"],
            registry=registry,
        )
        self.missed = Counter(
            "alcove_consumer_missed", "Entries that retention removed before delivery.", label, registry=registry
        )
        self.delay = Histogram(
            "alcove_consumer_delay_seconds",
            "Time from the storing of an entry to its delivery, in seconds.",
            label,
            buckets=(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 60, 600, 3600, 86_400),
            registry=registry,
        )
        self.pending = Gauge(
            "alcove_consumer_pending_items", "Items in memory with entries to deliver.", label, registry=registry
        )
        self.parked = Gauge(
            "alcove_consumer_parked_items", "Items that wait for an operator (K3).", label, registry=registry
        )
        self.leading = Gauge(
            "alcove_consumer_leading", "1: this process delivers (K4); 0: it does not.", label, registry=registry
        )
        self.disabled = Gauge(
            "alcove_consumer_disabled", "1: the receiver answered 410 (K3); 0: it did not.", label, registry=registry
        )


class ConsumerMetrics:
    """The metrics of one consumer: the webhook, or a handler of the application."""

    def __init__(self, families: ConsumerFamilies, name: str) -> None:
        self.delivered, self.failed = (families.deliveries.labels(name, outcome) for outcome in _OUTCOMES)
        self.missed = families.missed.labels(name)
        self.delay = families.delay.labels(name)
        self.pending, self.parked = families.pending.labels(name), families.parked.labels(name)
        self.leading, self.disabled = families.leading.labels(name), families.disabled.labels(name)
