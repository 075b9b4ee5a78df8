"""`/metrics`: figures for a Prometheus server, read from the database at each request.

All figures are gauges of the whole line, so every process answers the same.
"""

from collections.abc import Iterator

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy.exc import SQLAlchemyError

from hotline.services.deliveries import LANES
from hotline.store.calls.escalation_lists import count_open
from hotline.store.deliveries import lane_figures
from hotline.store.jobs import all_jobs
from hotline.unit_of_work import Application


class LineCollector:
    """Reads the gauges. It counts rows and names no person and no number."""

    def __init__(self, application: Application) -> None:
        self._application = application

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yields the gauges. Raises SQLAlchemyError if the database does not answer."""
        at = self._application.clock()
        with self._application.read_session() as session:
            lanes, jobs, open_ones = lane_figures(session, LANES), all_jobs(session), count_open(session)
        count = GaugeMetricFamily(
            "hotline_deliveries", "Deliveries that are not over.", labels=("lane", "state")
        )
        oldest = GaugeMetricFamily(
            "hotline_delivery_oldest_seconds", "Age of the oldest event that waits.", labels=("lane",)
        )
        for lane in lanes:
            for state, number in (("due", lane.due), ("failing", lane.failing), ("dead", lane.dead)):
                count.add_metric((lane.lane, state), number)
            oldest.add_metric((lane.lane,), lane.oldest_seconds(at) or 0)
        failed = GaugeMetricFamily("hotline_job_failed", "1: the last run failed.", labels=("job",))
        late = GaugeMetricFamily(
            "hotline_job_late_seconds", "How long the next run is due already.", labels=("job",)
        )
        for job in jobs:
            failed.add_metric((job.name,), 1 if job.error else 0)
            late.add_metric((job.name,), max((at - job.due_at).total_seconds(), 0))
        yield from (count, oldest, failed, late)
        yield GaugeMetricFamily(
            "hotline_escalations_open", "Escalations that nobody has taken.", value=open_ones
        )


def metrics_blueprint(application: Application) -> Blueprint:
    """Returns `/metrics`: 200 with the figures, 503 while the database does not answer."""
    blueprint = Blueprint("metrics", __name__)

    @blueprint.get("/metrics")
    def metrics() -> Response:
        # A registry of its own: the default one of the library holds figures of this process alone.
        registry = CollectorRegistry()
        try:
            registry.register(LineCollector(application))
            text = generate_latest(registry)
        except SQLAlchemyError:
            return Response("the database does not answer\n", 503, mimetype="text/plain")
        return Response(text, content_type=CONTENT_TYPE_LATEST)

    return blueprint
