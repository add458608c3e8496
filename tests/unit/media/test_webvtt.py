from __future__ import annotations

from fractions import Fraction

import pytest

from cutroom.media.webvtt import Cue, cue_text, webvtt

EVENTS = {
    "plain": ("plain", False),
    r"{\i1}One{\i0} & <two>": ("<i>One</i> &amp; &lt;two&gt;", False),
    r"{\i1}a{\b1}b{\i0}c": ("<i>a<b>b</b></i><b>c</b>", False),
    r"{\i1}never closed": ("<i>never closed</i>", False),
    r"{\i1\b1}both{\r} none": ("<i><b>both</b></i> none", False),
    r"{\an8}above\Nand below": ("above\nand below", True),
    r"{\pos(10,20)\fs40\bord2\blur1}styled": ("styled", False),
    r"{\p1}m 0 0 l 10 10{\p0}": ("", False),
    r"one\N\N\Ntwo": ("one\ntwo", False),
    r"{\i1}{\i0}": ("", False),
    "--> is no arrow": ("--&gt; is no arrow", False),
}


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_as_text(event: str) -> None:
    text, top = cue_text(event)
    wanted = EVENTS[event]
    assert (text, top) == wanted


def test_a_segment_says_how_its_times_count() -> None:
    cue = Cue(start=Fraction(7199, 2), end=Fraction(3661), text="x", top=True)
    assert webvtt([cue], mapped=True) == (
        "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\n00:59:59.500 --> 01:01:01.000 line:0\nx\n\n"
    )
    assert webvtt([]) == "WEBVTT\n\n"
