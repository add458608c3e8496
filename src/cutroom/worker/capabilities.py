"""What a worker's machine cannot do, so that it leaves such jobs to others."""

from __future__ import annotations

from collections.abc import Iterable

from cutroom.core.errors import ErrorDocument
from cutroom.jobs.models import JobKind


def unable(kinds: Iterable[JobKind], missing: Iterable[str]) -> dict[str, ErrorDocument]:
    """The kinds that need one of the missing encoders, and what their jobs show while nobody takes them."""
    gone = set(missing)
    return {kind.name: _without(lost) for kind in kinds if (lost := sorted(gone.intersection(kind.encoders)))}


def missing_encoders() -> list[str]:
    """What this machine's libraries cannot encode."""
    from cutroom.media.codecs import toolchain

    return toolchain().missing_encoders


def _without(lost: list[str]) -> ErrorDocument:
    return ErrorDocument(
        code="worker.codec-missing",
        message=f"No worker that was asked can encode with {' and '.join(lost)}.",
        hint="The job waits for one that can: see cutroom doctor on the workers.",
    )
