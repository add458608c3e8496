"""What is where in a ladder; safe to import where nothing is decoded."""

from __future__ import annotations

MASTER = "master.m3u8"
OUTLINE = "outline.json"
"""Beside the playlists of a ladder whose segments can be made one by one: what the ladder is."""
STILLS = "still"
"""Folder of stand-ins for segments in which nothing decodes; a ladder made in one pass has no segment there."""
