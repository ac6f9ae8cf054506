"""Figures for operators, in Prometheus' text format. Labels come from closed sets: codes, departments, statuses."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from hub.engine.gates import Reports

__all__ = ["CONTENT_TYPE", "Metrics"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    """The figures of one process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._answers = Counter(
            "hub_answers", "Requests by outcome: ok, or the code of the refusal.", ["outcome"], registry=self._registry
        )
        self._seconds = Histogram(
            "hub_answer_seconds", "Time from request to response.", buckets=_SECONDS, registry=self._registry
        )
        self._sources = Counter(
            "hub_source_calls", "Answers by department and status.", ["department", "status"], registry=self._registry
        )
        self._records = Gauge("hub_audit_records", "Durable records in this process's shard.", registry=self._registry)

    def note_answer(self, outcome: str, seconds: float) -> None:
        """Note one request."""
        self._answers.labels(outcome).inc()
        self._seconds.observe(seconds)

    def note_sources(self, reports: Reports) -> None:
        """Note how each department's part of one answer went."""
        for source, status in reports.statuses.items():
            self._sources.labels(source.value, status.value).inc()

    def text(self, records: int) -> bytes:
        """The exposition; `records` is the size of the shard."""
        self._records.set(records)
        return generate_latest(self._registry)
