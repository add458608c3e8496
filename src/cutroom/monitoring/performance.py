"""How the server has done since its start, for people: slow routes first."""

from __future__ import annotations

import msgspec

from cutroom.telemetry.meters import BUCKETS, Sheet, Timed

REQUESTS = "cutroom_http_request_seconds"


class RouteReport(msgspec.Struct, frozen=True, kw_only=True):
    """One route with one status. Milliseconds; percentiles are upper bounds, as fine as the buckets."""

    method: str
    route: str
    status: int
    requests: int
    mean_ms: float
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


class PerformanceReport(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers of all server processes since they started."""

    processes: int
    resident_bytes: int
    requests: int
    server_errors: int
    kept_answer_ratio: float | None
    routes: list[RouteReport]


def report(sheet: Sheet) -> PerformanceReport:
    """The report of an added-up sheet; the routes that took most of the time come first."""
    timed = [one for one in sheet.timings if one.name == REQUESTS]
    routes = [_route(one) for one in sorted(timed, key=lambda one: -one.seconds)]
    hits, made = _value(sheet, "cutroom_lane_hits"), _value(sheet, "cutroom_lane_made")
    return PerformanceReport(
        processes=int(_value(sheet, "cutroom_processes")),
        resident_bytes=int(_value(sheet, "cutroom_process_resident_bytes")),
        requests=sum(one.requests for one in routes),
        server_errors=sum(one.requests for one in routes if one.status >= 500),
        kept_answer_ratio=round(hits / (hits + made), 4) if hits + made else None,
        routes=routes,
    )


def _route(one: Timed) -> RouteReport:
    labels, count = dict(one.labels), sum(one.buckets)
    p50, p95, p99 = (_percentile(one, share) for share in (0.5, 0.95, 0.99))
    return RouteReport(
        method=labels["method"],
        route=labels["route"],
        status=int(labels["status"]),
        requests=count,
        mean_ms=round(one.seconds / count * 1000, 3) if count else 0.0,
        p50_ms=p50,
        p95_ms=p95,
        p99_ms=p99,
    )


def _percentile(one: Timed, share: float) -> float | None:
    """The upper bound of the bucket that holds it; None in the last, which has none."""
    wanted, seen = share * sum(one.buckets), 0
    for bound, count in zip(BUCKETS, one.buckets, strict=False):
        seen += count
        if seen >= wanted:
            return bound * 1000
    return None


def _value(sheet: Sheet, name: str) -> float:
    return sum(one.value for one in sheet.samples if one.name == name)
