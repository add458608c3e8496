"""Playlists named like films, inspected under strace: nothing that they name is ever opened."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLAYLISTS = {
    "hls.mp4": "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile://{secret}\n#EXTINF:5,\n{secret}\n#EXT-X-ENDLIST\n",
    "hls.mkv": "#EXTM3U\n#EXTINF:5,\nsecret.ts\n#EXT-X-ENDLIST\n",
    "concat.mp4": "ffconcat version 1.0\nfile '{secret}'\nfile 'secret.ts'\n",
    "dash.mp4": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet>'
    "<Representation><BaseURL>file://{secret}</BaseURL></Representation></AdaptationSet></Period></MPD>",
    "sdp.mov": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
    "concat:secret.ts|secret.ts.mp4": "#EXTM3U\nsubfile,,start,0,end,100,,:{secret}\n",
}


@pytest.mark.fault
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is missing: apt-get install strace")
def test_hostile_playlists_open_nothing_else(tmp_path):
    folder, trace = tmp_path / "footage", tmp_path / "trace"
    folder.mkdir()
    secret = folder / "secret.ts"
    secret.write_bytes(b"\x47" + bytes(187))
    for name, text in PLAYLISTS.items():
        (folder / name).write_text(text.replace("{secret}", str(secret)))
    calls = "open,openat,openat2,connect"
    command = ["strace", "-f", "-qq", "-s", "4096", "-e", f"trace={calls}", "-o", str(trace)]
    command += [sys.executable, "-m", "cutroom", "inspect", str(folder), "--ext", "mp4,mkv,mov", "--mode", "deep"]
    command += ["--no-database", "--format", "csv"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    if "PTRACE" in done.stderr or "ptrace" in done.stderr:
        pytest.skip("strace may not trace here: run as a user that may ptrace")
    assert done.stdout.count(",not-video,deep,") == len(PLAYLISTS), done.stdout + done.stderr
    said = trace.read_text(errors="replace")
    opened = {Path(path).name for path in re.findall(r'open(?:at2?)?\([^"]*"([^"]*)"', said) if str(folder) in path}
    assert opened - {folder.name} == set(PLAYLISTS)
    assert not re.search(r"connect\(.*AF_INET", said)
