"""What msgspec encodes and what the OpenAPI document promises have the same fields, each as nullable in both."""

import types
import typing

import msgspec
import pytest
from pydantic import BaseModel

from cutroom.api import rows
from cutroom.api.schemas import clips, jobs, videos
from cutroom.clips.work import CutAnswer
from cutroom.inspection.models import Finding
from cutroom.jobs.models import Job, JobState
from cutroom.media import probe

PAIRS = [
    (rows.VideoRow, videos.VideoRow),
    (rows.VideoPage, videos.VideoPage),
    (rows.VideoDetail, videos.VideoDetail),
    (rows.JobsSummary, videos.JobsSummary),
    (rows.Duration, videos.Duration),
    (rows.Location, videos.Location),
    (probe.Probe, videos.ProbeShape),
    (probe.VideoTrack, videos.VideoTrack),
    (probe.AudioTrack, videos.AudioTrack),
    (probe.SubtitleTrack, videos.SubtitleTrack),
    (probe.Chapter, videos.Chapter),
    (probe.Color, videos.Color),
    (Finding, videos.FindingShape),
]


def nullable(annotation: object) -> bool:
    is_union = typing.get_origin(annotation) in (typing.Union, types.UnionType)
    return is_union and type(None) in typing.get_args(annotation)


@pytest.mark.parametrize(("struct", "model"), PAIRS, ids=lambda each: each.__name__)
def test_the_fields_are_the_same(struct: type[msgspec.Struct], model: type[BaseModel]):
    encoded = {name: nullable(kind) for name, kind in typing.get_type_hints(struct).items()}
    promised = {name: nullable(field.annotation) for name, field in model.model_fields.items()}
    assert set(encoded) == set(promised)
    # More may be promised to be null than is, never less.
    assert [name for name in encoded if encoded[name] and not promised[name]] == []


def test_a_clips_answer_is_the_command_lines_without_the_servers_path():
    assert set(clips.CutAnswerShape.model_fields) == set(CutAnswer.__struct_fields__) - {"path"}


def test_a_job_is_what_events_carry():
    job = Job(
        id="job_1",
        kind="proxy",
        queue="encode",
        payload={},
        payload_version=1,
        subject="vid_1",
        owner_id=None,
        title="Proxy of a.mp4",
        state=JobState.QUEUED,
        stage=None,
        progress=0.0,
        speed=None,
        priority=5,
        attempts=0,
        max_attempts=3,
        fence=0,
        not_before=0,
        cancel_requested=False,
        error=None,
        result=None,
        created_at=1,
        started_at=None,
        finished_at=None,
    )
    assert jobs.JobShape.model_validate(job.document()).model_dump() == job.document()
    assert set(jobs.JobCounts.model_fields) == {state.value for state in JobState}
