"""What the outbox says about a job."""

from __future__ import annotations

from cutroom.events.models import EVERYONE, Note
from cutroom.jobs.models import Job

TOPIC = "job.changed"


def note_of(job: Job) -> Note:
    """The job as it is now, for those who may see it."""
    return Note(topic=TOPIC, subject=job.id, audience=job.owner_id or EVERYONE, payload=job.document())
