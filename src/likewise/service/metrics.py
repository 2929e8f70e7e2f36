"""What a server counts and measures, in the format of Prometheus."""

import os
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048)


class Metrics:
    """The metrics of one process.

    Attributes:
        requests: how many were answered, by route, method and status.
        seconds: how long answers took, by route.
        waiting: how many requests wait for the processor.
        batch_size: texts that were encoded together.
        refused: requests that were refused with 429.
        texts: how many the index has.
        index_bytes: size of the index on disk.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "likewise_requests", "Requests answered.", ("route", "method", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "likewise_request_seconds", "Time to answer.", ("route",), registry=self.registry, buckets=SECONDS
        )
        self.waiting = Gauge("likewise_waiting_requests", "Requests waiting for the CPU.", registry=self.registry)
        self.batch_size = Histogram(
            "likewise_batch_texts", "Texts encoded together.", registry=self.registry, buckets=SIZES
        )
        self.refused = Counter("likewise_refused_requests", "Requests refused with 429.", registry=self.registry)
        self.texts = Gauge("likewise_index_texts", "Texts of the index.", registry=self.registry)
        self.index_bytes = Gauge("likewise_index_bytes", "Size of the index on disk.", registry=self.registry)
        self.memory = Gauge("likewise_resident_bytes", "Resident memory of the process.", registry=self.registry)
        self.memory.set_function(resident_bytes)

    def render(self) -> bytes:
        """Return all of them as text."""
        return generate_latest(self.registry)


def resident_bytes() -> float:
    """Return the resident memory of this process; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return float(pages * os.sysconf("SC_PAGE_SIZE"))
    except (OSError, ValueError, IndexError):
        return 0.0
