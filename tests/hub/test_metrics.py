"""Figures for operators, with labels from closed sets."""

from hub.engine.gates import Reports
from hub.metrics import Metrics
from schema.vocabulary import Source, SourceStatus


def test_the_figures_of_a_process() -> None:
    """Answers by outcome, their times, calls by department and status, and the size of the log."""
    metrics, reports = Metrics(), Reports()
    reports.note(Source.POLICE, SourceStatus.TIMEOUT)
    metrics.note_answer("ok", 0.02)
    metrics.note_answer("BUSY", 0.002)
    metrics.note_sources(reports)
    lines = metrics.text(7).decode().splitlines()
    for line in (
        'hub_answers_total{outcome="ok"} 1.0',
        'hub_answers_total{outcome="BUSY"} 1.0',
        "hub_answer_seconds_count 2.0",
        'hub_answer_seconds_bucket{le="0.0025"} 1.0',
        'hub_source_calls_total{department="police",status="timeout"} 1.0',
        "hub_audit_records 7.0",
    ):
        assert line in lines


def test_two_processes_count_apart() -> None:
    """Figures belong to a hub, not to the library."""
    one, other = Metrics(), Metrics()
    one.note_answer("ok", 0.1)
    assert "hub_answers_total{" not in other.text(0).decode()
