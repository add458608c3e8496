"""The numbers of all processes as one sheet, and as the text that Prometheus scrapes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from cutroom.telemetry.meters import BUCKETS, Labels, Sample, Sheet, Timed

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

HELP = {
    "cutroom_http_request_seconds": "Seconds until the answer to a request began, by route and status",
    "cutroom_process_resident_bytes": "Memory of the server's processes",
    "cutroom_processes": "Server processes",
    "cutroom_db_transactions": "Write transactions ended",
    "cutroom_db_connections": "Connections to the database: idle, in use, and looks of SQLite's reading threads",
    "cutroom_db_statements": "Statements sent to the database",
    "cutroom_db_statement_failures": "Statements that failed",
    "cutroom_db_statement_seconds": "Seconds spent in statements",
    "cutroom_cache_bytes": "Memory of kept values and answers",
    "cutroom_cache_entries": "Kept values and answers",
    "cutroom_cache_evictions": "Values and answers that left for others",
    "cutroom_cache_invalidations": "Keys and tags that were invalidated",
    "cutroom_cache_redis_errors": "Times that Redis was lost",
    "cutroom_cache_redis_usable": "Processes that can hear Redis",
    "cutroom_cache_lookups": "Lookups by group of keys and by what answered",
    "cutroom_lane_made": "Answers that were made and kept",
    "cutroom_lane_hits": "Requests that a kept answer served",
    "cutroom_refused": "Requests refused by a rate limit",
    "cutroom_jobs": "Jobs by state and queue",
}


def added_up(sheets: Iterable[Sheet]) -> Sheet:
    """One sheet whose numbers are the sums."""
    samples: dict[tuple[str, Labels], tuple[float, bool]] = {}
    timings: dict[tuple[str, Labels], Timed] = {}
    for sheet in sheets:
        for one in sheet.samples:
            before = samples.get((one.name, one.labels), (0.0, one.grows))[0]
            samples[one.name, one.labels] = (before + one.value, one.grows)
        for timed in sheet.timings:
            key = (timed.name, timed.labels)
            timings[key] = _sum(timings[key], timed) if key in timings else timed
    return Sheet(
        samples=[Sample(name, labels, value, grows) for (name, labels), (value, grows) in samples.items()],
        timings=list(timings.values()),
    )


def as_prometheus(sheet: Sheet) -> bytes:
    """The sheet in Prometheus' text format, `CONTENT_TYPE`."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(sheet))
    return generate_latest(registry)


class _Collector(Collector):
    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        samples: dict[str, list[Sample]] = defaultdict(list)
        for one in self._sheet.samples:
            samples[one.name].append(one)
        for name, some in samples.items():
            yield _family(name, some)
        timings: dict[str, list[Timed]] = defaultdict(list)
        for timed in self._sheet.timings:
            timings[timed.name].append(timed)
        for name, all_timed in timings.items():
            yield _histogram(name, all_timed)


def _family(name: str, samples: Sequence[Sample]) -> Metric:
    kind = CounterMetricFamily if samples[0].grows else GaugeMetricFamily
    family = kind(name, HELP.get(name, name), labels=[key for key, _ in samples[0].labels])
    for one in samples:
        family.add_metric([value for _, value in one.labels], one.value)
    return family


def _histogram(name: str, timings: Sequence[Timed]) -> Metric:
    family = HistogramMetricFamily(name, HELP.get(name, name), labels=[key for key, _ in timings[0].labels])
    for one in timings:
        total, buckets = 0, []
        for bound, count in zip([*map(str, BUCKETS), "+Inf"], one.buckets, strict=True):
            total += count
            buckets.append((bound, float(total)))
        family.add_metric([value for _, value in one.labels], buckets, one.seconds)
    return family


def _sum(one: Timed, other: Timed) -> Timed:
    buckets = [a + b for a, b in zip(one.buckets, other.buckets, strict=True)]
    return Timed(one.name, one.labels, buckets, one.seconds + other.seconds)
