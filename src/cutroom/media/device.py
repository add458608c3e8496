"""Who recorded or wrote a file, out of the many places where cameras, phones and programs say so."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cutroom.media.facts import Device

_MAKE = (
    "com.apple.quicktime.make", "com.android.manufacturer", "make", "manufacturer", "com.sony.make",
    "company_name",
)  # fmt: skip
_MODEL = (
    "com.apple.quicktime.model", "com.android.model", "model", "com.sony.model", "product_name", "camera",
)  # fmt: skip
_SOFTWARE = (
    "com.apple.quicktime.software", "com.android.version", "software", "product_version", "encoder",
)  # fmt: skip
_CREATED = ("creation_time", "com.apple.quicktime.creationdate", "DATE_DIGITIZED", "date", "modification_date")
_ATTRIBUTE = r'(?:{name}="([^"]{{1,200}})"|<{name}>([^<]{{1,200}})</{name}>)'
_XMP = {
    field: re.compile(_ATTRIBUTE.format(name=name))
    for field, name in (
        ("make", "tiff:Make"), ("model", "tiff:Model"), ("software", "xmp:CreatorTool"), ("created", "xmp:CreateDate"),
    )
}  # fmt: skip


def device_of(tags: Mapping[str, str]) -> Device | None:
    """Make, model and software; None where the file says nothing of the kind."""
    make, model, software = _field(tags, "make", _MAKE), _field(tags, "model", _MODEL), None
    software = _field(tags, "software", _SOFTWARE)
    if make is None and model is None and software is None:
        return None
    return Device(make=make, model=model, software=software)


def created_of(tags: Mapping[str, str]) -> str | None:
    """When it was recorded, as written."""
    return _field(tags, "created", _CREATED)


def _field(tags: Mapping[str, str], field: str, names: tuple[str, ...]) -> str | None:
    lower = {name.lower(): value for name, value in tags.items()}
    for name in names:
        value = lower.get(name.lower(), "").strip()
        if value:
            return value[:200]
    found = _XMP[field].search(tags.get("xmp", ""))
    return (found[1] or found[2]) if found is not None else None
