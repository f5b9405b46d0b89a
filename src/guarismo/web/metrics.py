"""What Prometheus is told: requests, their times, what was read, what was refused."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from guarismo.types import Number

BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Seconds: from one digit on a warm machine to a page of a scanner."""


class Metrics:
    """Counts of one server; each has a registry of its own, so that two in one process do not share them."""

    def __init__(self, inside: Callable[[], float]) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter("guarismo_requests", "Requests answered.", ("route", "status"), registry=self.registry)
        self.seconds = Histogram(
            "guarismo_request_seconds", "Time to the answer.", ("route",), buckets=BUCKETS, registry=self.registry
        )
        self.readings = Counter("guarismo_readings", "Numbers by status.", ("status",), registry=self.registry)
        self.refused = Counter("guarismo_refused", "Requests refused.", ("status",), registry=self.registry)
        Gauge("guarismo_inside", "Requests being read or waiting.", registry=self.registry).set_function(inside)

    def read(self, numbers: tuple[Number, ...]) -> None:
        for number in numbers:
            self.readings.labels(number.status).inc()

    def answered(self, route: str, status: int, seconds: float) -> None:
        self.requests.labels(route, str(status)).inc()
        self.seconds.labels(route).observe(seconds)
        if status >= 400:
            self.refused.labels(str(status)).inc()

    def text(self) -> bytes:
        return generate_latest(self.registry)
