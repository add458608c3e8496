"""Clients that others wrote, against a real server: broken off in the middle and gone on with; and a proxy between."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from tusclient.client import TusClient

from tests.edges import DEPLOY, run_nginx
from tests.integration.serve.process import Served

TUS = "/api/uploads/tus"
WEB = Path(__file__).parents[3] / "web"
PIECE = 64 << 10
SIZE = 1_000_003  # ends in the middle of a piece

NODE = """
import fs from "node:fs";
import { Upload } from "tus-js-client";

const { endpoint, path, headers, piece, breakAt } = JSON.parse(process.argv[1]);
const offsets = [];
const options = {
  endpoint, headers, chunkSize: piece, retryDelays: null,
  metadata: { filename: "from node ü.mp4", filetype: "video/mp4" },
  onBeforeRequest: (request) => {
    if (request.getMethod() === "PATCH") offsets.push(Number(request.getHeader("Upload-Offset")));
  },
};
const whole = (uploadUrl) => new Promise((resolve, reject) => {
  const upload = new Upload(fs.createReadStream(path), {
    ...options, uploadUrl, onError: reject, onSuccess: () => resolve(upload.url),
    onChunkComplete: (_size, accepted) => {
      if (uploadUrl === undefined && accepted >= breakAt) upload.abort().then(() => resolve(upload.url), reject);
    },
  });
  upload.start();
});
const begun = await whole(undefined);
offsets.push("broken off");
await whole(begun);
console.log(JSON.stringify({ url: begun, offsets }));
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("tus") / "data")
    yield served
    served.process.terminate()
    served.process.wait(20)


@pytest.fixture(scope="module")
def root(served: Served) -> httpx.Client:
    return served.sign_in()


@pytest.fixture(scope="module")
def token(root: httpx.Client) -> dict[str, str]:
    return {"Authorization": f"Bearer {root.post('/api/tokens', json={'name': 'tus'}).json()['secret']}"}


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """What begins like a film and is a film of nobody else's."""
    path = tmp_path / "film.mp4"
    noise = random.Random(str(tmp_path)).randbytes(SIZE - 24)
    path.write_bytes(b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42" + noise)
    return path


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def arrived(root: httpx.Client, url: str, token: dict[str, str]) -> bytes:
    """The bytes of the video that an upload has become."""
    answer = root.head(urlsplit(url).path, headers={**token, "Tus-Resumable": "1.0.0"})
    return root.get(f"/api/videos/{answer.headers['upload-video']}/original").content


def test_tuspy(served: Served, root: httpx.Client, token: dict[str, str], film: Path) -> None:
    client = TusClient(served.url + TUS, headers=token)
    meta = {"filename": "from python ü.mp4"}
    begun = client.uploader(str(film), chunk_size=PIECE, metadata=meta, upload_checksum=True)
    for _ in range(5):
        begun.upload_chunk()
    again = TusClient(served.url + TUS, headers=token).uploader(str(film), chunk_size=PIECE, url=begun.url)
    assert again.get_offset() == 5 * PIECE
    again.offset = again.get_offset()
    again.upload()
    assert digest(arrived(root, begun.url, token)) == digest(film.read_bytes())


def test_tus_js_client(served: Served, root: httpx.Client, token: dict[str, str], film: Path) -> None:
    node = shutil.which("node", path=str(Path(sys.executable).parent))
    if node is None or not (WEB / "node_modules" / "tus-js-client").is_dir():
        pytest.skip("node or the packages of the web UI are missing; run: python scripts/build-ui --force")
    asked = {"endpoint": served.url + TUS, "path": str(film), "headers": token, "piece": PIECE, "breakAt": 5 * PIECE}
    command = [node, "--input-type=module", "--eval", NODE, json.dumps(asked)]
    done = subprocess.run(command, cwd=WEB, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    before, after = (said["offsets"][: (at := said["offsets"].index("broken off"))], said["offsets"][at + 1 :])
    assert before[0] == 0
    assert after[0] >= 5 * PIECE, "it goes on where it was"
    assert digest(arrived(root, said["url"], token)) == digest(film.read_bytes())


@pytest.mark.parametrize("holds_back", [False, True])
def test_a_proxy_that_holds_requests_back(
    served: Served, root: httpx.Client, token: dict[str, str], film: Path, tmp_path: Path, holds_back: bool
) -> None:
    """The delivered configuration lets every byte through at once; with nginx's own default, nothing is ever kept."""
    text = (DEPLOY / "nginx-local.conf").read_text()
    assert "proxy_request_buffering off" in text
    if holds_back:
        text = text.replace("proxy_request_buffering off", "proxy_request_buffering on")
    headers = {**token, "Tus-Resumable": "1.0.0"}
    length = {"Upload-Length": str(SIZE), "Upload-Metadata": "filename YS5tcDQ="}
    where = urlsplit(root.post(TUS, headers={**headers, **length}).headers["location"]).path
    server_port = urlsplit(served.url).port or 0
    heard = len(served.lines)
    with run_nginx(tmp_path / "nginx", text, server_port=server_port) as port:
        for _ in range(2):
            broken_off(port, where, headers, film.read_bytes()[: 4 * PIECE])
            time.sleep(0.5)
            seen = httpx.head(f"http://127.0.0.1:{port}{where}", headers=headers, trust_env=False)
            assert seen.status_code == 200
    warned = any("proxy_request_buffering" in line for line in served.lines[heard:])
    assert (int(seen.headers["upload-offset"]) == 0, "upload-notice" in seen.headers, warned) == (holds_back,) * 3


def broken_off(port: int, where: str, headers: dict[str, str], content: bytes) -> None:
    """Send a part of what was announced, then hang up."""
    lines = {**headers, "Host": "127.0.0.1", "Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
    head = "".join(f"{name}: {value}\r\n" for name, value in {**lines, "Content-Length": str(SIZE)}.items())
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(f"PATCH {where} HTTP/1.1\r\n{head}\r\n".encode() + content)
        time.sleep(0.7)
