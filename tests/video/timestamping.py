"""A real RFC 3161 time-stamp server on loopback: `openssl ts` behind a few lines of HTTP."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

SETTINGS = """
[tsa]
default_tsa = own
[own]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
certs = {folder}/ca.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""
EXTENSIONS = """
[req]
distinguished_name = name
[name]
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[tsa]
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
"""


@contextmanager
def time_stamp_server(folder: Path) -> Iterator[str]:
    """The address of a server that stamps what it is asked to, with a certificate of its own."""
    _make_certificate(folder)

    class Stamps(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the name http.server calls
            (folder / "query").write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            _openssl(folder, "ts", "-reply", "-config", "tsa.cnf", "-section", "own",
                     "-queryfile", "query", "-out", "reply")  # fmt: skip
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write((folder / "reply").read_bytes())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Stamps) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()


def _make_certificate(folder: Path) -> None:
    (folder / "tsa.cnf").write_text(SETTINGS.format(folder=folder))
    (folder / "req.cnf").write_text(EXTENSIONS)
    (folder / "serial").write_text("01")
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    _openssl(folder, "req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.pem",
             "-days", "3650", "-subj", "/O=Clock/CN=Clock root", "-config", "req.cnf",
             "-extensions", "ca")  # fmt: skip
    _openssl(folder, "req", *curve, "-keyout", "tsa.key", "-out", "tsa.csr",
             "-subj", "/O=Clock/CN=Clock", "-config", "req.cnf")  # fmt: skip
    _openssl(folder, "x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
             "-CAcreateserial", "-days", "365", "-extfile", "req.cnf", "-extensions", "tsa",
             "-out", "tsa.pem")  # fmt: skip


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
