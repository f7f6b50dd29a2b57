"""Package registries of a test's own, on loopback: one package for pip, one for npm, one for cargo.

Also a program, so that a container without any network has one on its own loopback: `registries.py PORT [--no-files]`.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import io
import json
import sys
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NAME = "sc-tiny-lib"
WHEEL = "sc_tiny_lib-1.0-py3-none-any.whl"
AT = 1_000_000_000


def wheel() -> bytes:
    """The same bytes each time."""
    record = "sc_tiny_lib-1.0.dist-info"
    content = {
        "sc_tiny_lib.py": "ANSWER = 42\n",
        f"{record}/METADATA": "Metadata-Version: 2.1\nName: sc-tiny-lib\nVersion: 1.0\n",
        f"{record}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{record}/RECORD": f"sc_tiny_lib.py,,\n{record}/METADATA,,\n{record}/WHEEL,,\n{record}/RECORD,,\n",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in content.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return out.getvalue()


def tarball(folder: str, files: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size, entry.mtime, entry.mode = len(text), AT, 0o644
            archive.addfile(entry, io.BytesIO(text.encode()))
    return gzip.compress(out.getvalue(), mtime=AT)


def npm_tarball() -> bytes:
    package = json.dumps({"name": NAME, "version": "1.0.0", "main": "index.js"})
    return tarball("package", {"package.json": package, "index.js": "module.exports = 42\n"})


def crate() -> bytes:
    manifest = f'[package]\nname = "{NAME}"\nversion = "1.0.0"\nedition = "2021"\n'
    return tarball(f"{NAME}-1.0.0", {"Cargo.toml": manifest, "src/lib.rs": "pub const ANSWER: u8 = 42;\n"})


def answers(port: int) -> dict[str, tuple[str, bytes]]:
    """By path: content type and body."""
    here = f"http://127.0.0.1:{port}"
    tgz, packed = npm_tarball(), crate()
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(tgz).digest()).decode()
    dist = {"tarball": f"{here}/files/tiny.tgz", "integrity": integrity, "shasum": hashlib.sha1(tgz).hexdigest()}
    version = {"name": NAME, "version": "1.0.0", "main": "index.js", "dist": dist}
    packument = {"name": NAME, "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version}}
    sha = hashlib.sha256(wheel()).hexdigest()
    row = {"name": NAME, "vers": "1.0.0", "deps": [], "cksum": hashlib.sha256(packed).hexdigest()}
    row |= {"features": {}, "yanked": False}
    return {
        f"/simple/{NAME}/": ("text/html", f'<a href="{here}/files/{WHEEL}#sha256={sha}">{WHEEL}</a>'.encode()),
        f"/files/{WHEEL}": ("application/octet-stream", wheel()),
        f"/npm/{NAME}": ("application/json", json.dumps(packument).encode()),
        "/files/tiny.tgz": ("application/octet-stream", tgz),
        "/cargo/config.json": ("application/json", json.dumps({"dl": f"{here}/files/{{crate}}.crate"}).encode()),
        f"/cargo/{NAME[:2]}/{NAME[2:4]}/{NAME}": ("text/plain", json.dumps(row).encode() + b"\n"),
        f"/files/{NAME}.crate": ("application/octet-stream", packed),
    }


def server(port: int = 0, *, has_files: bool = True) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = answers(self.server.server_address[1]).get(self.path)  # type: ignore[misc]
            if found is None or (not has_files and self.path.startswith("/files/")):
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Type", found[0])
            self.send_header("Content-Length", str(len(found[1])))
            age = "max-age=31536000, immutable" if self.path.startswith("/files/") else "max-age=60"
            self.send_header("Cache-Control", age)
            self.send_header("ETag", f'"{hashlib.sha1(found[1]).hexdigest()}"')
            self.end_headers()
            self.wfile.write(found[1])

        def log_message(self, *_: object) -> None:
            pass

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


@contextlib.contextmanager
def registries() -> Iterator[int]:
    """The port while they are there."""
    with server() as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        try:
            yield serving.server_address[1]
        finally:
            serving.shutdown()
            thread.join()


if __name__ == "__main__":
    server(int(sys.argv[1]), has_files="--no-files" not in sys.argv).serve_forever()
