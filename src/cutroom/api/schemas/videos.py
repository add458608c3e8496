"""Videos on the wire: rows, their detail, and what may be asked of them."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from cutroom.api.schemas.base import Asked, ErrorBody, Person, ProxyState, Shape, VerdictStatus, Visibility


class Duration(Shape):
    seconds: float
    num: int = Field(description="Exact: num/den seconds")
    den: int


class Image(Shape):
    width: int
    url: str


class Poster(Shape):
    """Candidates of one picture by format, smallest first, ready for `srcset`."""

    avif: list[Image]
    webp: list[Image]
    jpeg: list[Image]


class Sprite(Shape):
    """A sheet of small pictures; tile i stands at column i mod columns, row i div columns."""

    url: str
    columns: int
    rows: int
    tile_width: int
    tile_height: int
    count: int
    interval: str | None = Field(description='In lists: mean seconds between tiles as "num/den"')
    times: list[float] | None = Field(description="In the detail: seconds of each tile's own frame")
    vtt: str | None = Field(
        default=None, description="In the detail: WebVTT thumbnails of every picture there is, which may be more sheets"
    )


class JobsSummary(Shape):
    active: int
    stage: str | None
    progress: float | None


class VideoRow(Shape):
    id: str
    name: str
    added_at: int
    owner: Person | None
    visibility: Visibility
    size_bytes: int
    duration: Duration | None
    frame_rate: str | None
    width: int | None
    height: int | None
    verdict: VerdictStatus
    verdict_message: str | None
    proxy_state: ProxyState
    thumbhash: str | None = Field(description="base64")
    poster: Poster | None
    sprite: Sprite | None
    tags: list[str]
    jobs: JobsSummary


class UploadAnswer(VideoRow):
    duplicate_of: list[str] = Field(description="Videos that hold the same bytes, oldest first")


class FormAnswer(Shape):
    items: list[UploadAnswer] = Field(description="One for each file of the form, in its order")


class ChunkAnswer(Shape):
    status: Literal["chunk_received", "complete"]
    chunk_index: int
    video: UploadAnswer | None = Field(default=None, description="With the chunk that completes the file")


class VideoPage(Shape):
    items: list[VideoRow]
    next: str | None
    total: int
    total_exact: bool = Field(description="False: an estimate, or at least so many")
    corrected: str | None = Field(description="The words looked for instead, where nothing is called as it was typed")


class TagList(Shape):
    items: list[str]


class VideoTrack(Shape):
    index: int
    codec: str
    profile: str | None
    width: int = Field(description="Display pixels, after rotation and sample aspect")
    height: int
    coded_width: int
    coded_height: int
    rotation: int
    sample_aspect: str
    pixel_format: str | None
    bit_depth: int | None
    frame_rate: str | None
    variable_rate: bool | None
    frames: int | None
    frames_source: str | None
    time_base: str
    start: str = Field(description="Presentation time of the first frame, seconds as num/den")
    bit_rate: int | None
    color: Color
    hdr: str
    interlaced: bool
    codec_string: str | None
    mirrored: bool = False
    field_order: str | None = Field(default=None, description="progressive, top-first, bottom-first")
    dolby_vision_profile: int | None = None
    language: str | None = None
    title: str | None = None


class AudioTrack(Shape):
    index: int
    codec: str
    sample_rate: int
    channels: int
    layout: str | None
    language: str | None
    title: str | None
    bit_rate: int | None
    default: bool
    profile: str | None = None
    start: str = Field(default="0/1", description="Presentation time of its first sample, seconds as num/den")


class SubtitleTrack(Shape):
    index: int
    codec: str
    language: str | None
    title: str | None
    default: bool = False
    forced: bool = False


class OtherTrack(Shape):
    index: int
    kind: str = Field(description="video, picture (cover art), timecode, data, attachment")
    codec: str | None
    language: str | None
    title: str | None
    width: int | None = None
    height: int | None = None


class Device(Shape):
    make: str | None
    model: str | None
    software: str | None


class GopFacts(Shape):
    """What a walk over every packet of the picture counted; a group begins with a keyframe."""

    frames: int
    gops: int
    closed: int
    open: int
    shortest: int = Field(description="Frames")
    mean: float
    longest: int
    lengths: list[int] = Field(description="Frames of each of the first 1,000 groups")
    b_frames: int = Field(description="Most in a row")
    reorder: int = Field(description="Frames a decoder has to hold back")
    bit_rate: int | None = Field(description="Bits a second of the picture alone")
    peak_bit_rate: int | None = Field(description="Of its densest second")


class Chapter(Shape):
    start: str
    end: str
    title: str | None


class Color(Shape):
    primaries: str | None
    transfer: str | None
    matrix: str | None
    range: str | None


class ProbeShape(Shape):
    format: str
    size_bytes: int
    duration: str | None
    start: str
    video: VideoTrack | None
    audio: list[AudioTrack]
    subtitles: list[SubtitleTrack]
    timecode: str | None
    created: str | None
    chapters: list[Chapter]
    tags: dict[str, str]
    others: list[OtherTrack] = Field(default=[])
    timecode_source: str | None = Field(default=None, description="track, header, picture")
    device: Device | None = None
    counted: GopFacts | None = None


class FindingShape(Shape):
    code: str
    severity: str
    confidence: float
    stream: int | None
    start_seconds: float | None
    end_seconds: float | None
    byte_offset: int | None
    message: str
    count: int = Field(description="Observations that were merged into this one")


class Timing(Shape):
    """How frame numbers and presentation times of the proxy belong together."""

    rate: str
    frames: int | None
    variable: bool
    offset_seconds: float = Field(description="Time of frame 0 in the proxy")
    pts_url: str | None = Field(description="Table of presentation times, where the rate varies")


class Location(Shape):
    kind: Literal["reference", "stored"]
    path: str | None = Field(description="The file's path, for administrators")


class Download(Shape):
    """Something to take home."""

    kind: Literal["original", "rung", "sound"]
    url: str
    height: int | None = Field(description="Of a rung")
    track: int | None = Field(description="Of sound, from 0")
    about: str | None = Field(description="Of sound: title, language and codec")


class VideoDetail(VideoRow):
    location: Location
    probe: ProbeShape | None
    findings: list[FindingShape]
    timing: Timing | None
    playlist: str | None = Field(description="URL of the HLS master playlist, playable while it grows")
    peaks: str | None
    original_url: str
    downloads: list[Download]


class AddRequest(Asked):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)
    paths: list[str] = Field(default=[], max_length=10_000, description="Files and folders; for administrators")
    url: str | None = Field(default=None, max_length=2_000, description="Fetched by a job, over http or https")
    # Named `copy` on the wire; the attribute must not shadow pydantic's own method.
    copy_files: bool = Field(default=False, alias="copy")
    visibility: Visibility = "shared"


class Skipped(Shape):
    path: str
    code: str
    message: str


class AddAnswer(Shape):
    added: list[str]
    skipped: list[Skipped]
    job: str | None = Field(default=None, description="The job that fetches the URL")


class WatchedFolderShape(Shape):
    id: str
    path: str
    visibility: Visibility
    created_at: int
    looked_at: int | None = Field(description="When all of it was last looked through")
    method: Literal["events", "polling"] | None = Field(description="How changes are noticed; null: not begun yet")
    error: ErrorBody | None


class WatchedFolderPage(Shape):
    items: list[WatchedFolderShape]
    next: str | None


class WatchAsked(Asked):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)
    path: str = Field(min_length=1, max_length=4096, description="An absolute path on the server")
    visibility: Visibility = "shared"


class VideoChange(Asked):
    name: str | None = Field(default=None, min_length=1, max_length=255)
    visibility: Visibility | None = None
    tags: list[str] | None = Field(default=None, max_length=50, description="Instead of those it has; 1 to 40 letters")
