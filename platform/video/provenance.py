"""The signed mark: a C2PA manifest that says who made the file and that a machine did.

Signed with the installation's own authority, offline; read back with the same authority as the
trust anchor.  Format: C2PA specification 2.x, https://c2pa.org/specifications/.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, TypeAlias

import c2pa
from cryptography.exceptions import InvalidSignature

from common.errors import Unavailable
from video.certificates import new_root, new_signer, read_pair, write_pair

TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
COMPOSITE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
AI_SOURCES = frozenset({TRAINED, COMPOSITE})
ACTIONS = ("c2pa.actions.v2", "c2pa.actions")
OUR_ASSERTION = "org.reverie.video"

FORMATS = {".mp4": "video/mp4", ".webp": "image/webp", ".jpg": "image/jpeg", ".png": "image/png"}

ROOT_NAME, SIGNER_NAME, LOCK_NAME = "root.pem", "signer.pem", ".lock"
RENEW_BEFORE = timedelta(days=30)

State: TypeAlias = Literal["trusted", "valid", "invalid", "none"]
STATES: Mapping[str, State] = {"Trusted": "trusted", "Valid": "valid"}


class UnableToMark(Unavailable):
    """The file could not be signed, or did not read back as signed: it must not be published."""

    code = "unable_to_mark"


class UnableToOpenAuthority(Unavailable):
    """The authority's files are there and can not be used: restore them, or move them away."""


@dataclass(frozen=True)
class Authority:
    """What signing needs, and the root to check it by."""

    certificate_pem: bytes
    private_key_pem: bytes = field(repr=False)
    root_certificate_pem: bytes
    timestamp_url: str | None = None


@dataclass(frozen=True)
class Claim:
    """What the manifest says about a video.  No prompt and no person: manifests travel."""

    video_id: str
    title: str
    engine: str
    version: str
    created_at: datetime
    producer: str = "Reverie"


@dataclass(frozen=True)
class ManifestReading:
    """What a file's manifest says, and how far to believe it.

    `state`: "trusted" (whole, signed by our authority), "valid" (whole, signed by somebody else),
    "invalid" (altered, or not signed as it says), "none" (no manifest).  The other fields repeat
    the manifest and mean nothing more than `state` allows.
    """

    state: State
    is_ai_generated: bool = False
    title: str = ""
    generator: str = ""
    issuer: str = ""
    video_id: str = ""
    problems: tuple[str, ...] = ()

    @property
    def is_ours(self) -> bool:
        """Whether we signed it and nothing was changed since."""
        return self.state == "trusted"


def ensure_authority(
    folder: Path, *, now: datetime, organisation: str = "Reverie", timestamp_url: str | None = None
) -> Authority:
    """The authority kept in `folder`, made there if there is none yet.

    `root.pem` holds the root certificate and its key, `signer.pem` the signing pair, mode 0600.
    Processes that start together wait for each other and get the same one.  A signing certificate
    with less than 30 days left is replaced; the root never is, so old files stay trusted.
    `timestamp_url` names an RFC 3161 server to ask at every signature; without one, none is asked.
    Raises UnableToOpenAuthority for files that are damaged or do not belong together.
    """
    with _as_unopenable(), _locked(folder):
        root = read_pair(folder / ROOT_NAME) or write_pair(
            folder / ROOT_NAME, new_root(organisation, now=now)
        )
        signer = read_pair(folder / SIGNER_NAME)
        if signer is None or signer.certificate.not_valid_after_utc - now < RENEW_BEFORE:
            signer = write_pair(folder / SIGNER_NAME, new_signer(organisation, root=root, now=now))
        signer.certificate.verify_directly_issued_by(root.certificate)
    return Authority(
        certificate_pem=signer.certificate_pem,
        private_key_pem=signer.key_pem,
        root_certificate_pem=root.certificate_pem,
        timestamp_url=timestamp_url,
    )


def sign(path: Path, *, authority: Authority, claim: Claim) -> ManifestReading:
    """Put a signed manifest into the file at `path` and check it as a stranger would.

    The file is replaced at once, or left as it was.  Any later change to it, metadata included,
    breaks the seal: sign last.  Raises UnableToMark when the result does not read as trusted and
    AI-generated, or is no MP4, WebP, JPEG or PNG by its name.
    """
    aside = path.with_name(f".{path.name}.signing")
    try:
        with _as_unmarkable():
            _write_signed(path, aside, authority, claim)
        reading = read_manifest(aside, authority=authority)
        if not (reading.is_ours and reading.is_ai_generated):
            raise UnableToMark(f"The signed file reads {reading.state}: {reading.problems}")
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    return reading


def read_manifest(path: Path, *, authority: Authority) -> ManifestReading:
    """What the manifest of the file at `path` says; nothing is fetched from anywhere.

    A file of a kind that can carry no manifest reads "none"; a manifest too broken to parse reads
    "invalid".  Raises OSError when the file can not be opened.
    """
    with path.open("rb") as file:
        try:
            with _context(authority) as context, c2pa.Reader(None, file, context=context) as reader:
                return _reading(json.loads(reader.json()))
        except (c2pa.C2paError.ManifestNotFound, c2pa.C2paError.NotSupported):
            return ManifestReading(state="none")
        except c2pa.C2paError as error:
            return ManifestReading(state="invalid", problems=(str(error),))


def _write_signed(path: Path, aside: Path, authority: Authority, claim: Claim) -> None:
    signing = c2pa.C2paSignerInfo(
        c2pa.C2paSigningAlg.ES256,
        authority.certificate_pem,
        authority.private_key_pem,
        authority.timestamp_url,
    )
    with (
        path.open("rb") as source,
        aside.open("w+b") as target,
        c2pa.Signer.from_info(signing) as signer,
        _context(authority) as context,
        c2pa.Builder(json.dumps(_manifest(claim)), context) as builder,
    ):
        builder.sign(signer, FORMATS[path.suffix], source, target)
        target.flush()
        os.fsync(target.fileno())


def _manifest(claim: Claim) -> dict[str, Any]:
    created = {
        "action": "c2pa.created",
        "digitalSourceType": TRAINED,
        "softwareAgent": {"name": claim.engine},
        "when": claim.created_at.isoformat(),
    }
    ours = {"video_id": claim.video_id, "producer": claim.producer}
    return {
        "claim_version": 2,
        "claim_generator_info": [{"name": "Reverie", "version": claim.version}],
        "title": claim.title,
        "assertions": [
            {"label": ACTIONS[0], "data": {"actions": [created]}},
            {"label": OUR_ASSERTION, "data": ours},
        ],
    }


def _context(authority: Authority) -> Any:
    return c2pa.Context.from_dict(
        {
            "verify": {"verify_trust": True, "ocsp_fetch": False, "remote_manifest_fetch": False},
            "trust": {"trust_anchors": authority.root_certificate_pem.decode()},
            "builder": {"thumbnail": {"enabled": False}},
        }
    )


def _reading(report: Mapping[str, Any]) -> ManifestReading:
    manifest = report.get("manifests", {}).get(report.get("active_manifest"), {})
    assertions = {item["label"]: item.get("data", {}) for item in manifest.get("assertions", [])}
    generators = manifest.get("claim_generator_info") or [{}]
    return ManifestReading(
        state=STATES.get(report.get("validation_state", ""), "invalid"),
        is_ai_generated=_says_ai(assertions),
        title=manifest.get("title", ""),
        generator=f"{generators[0].get('name', '')} {generators[0].get('version', '')}".strip(),
        issuer=manifest.get("signature_info", {}).get("issuer", ""),
        video_id=str(assertions.get(OUR_ASSERTION, {}).get("video_id", "")),
        problems=tuple(_problems(report)),
    )


def _says_ai(assertions: Mapping[str, Any]) -> bool:
    actions = [
        action for label in ACTIONS for action in assertions.get(label, {}).get("actions", [])
    ]
    return any(action.get("digitalSourceType") in AI_SOURCES for action in actions)


def _problems(report: Mapping[str, Any]) -> Iterator[str]:
    results = report.get("validation_results", {}).get("activeManifest", {})
    for failure in results.get("failure", []):
        yield failure.get("code", "unknown")


@contextmanager
def _as_unmarkable() -> Iterator[None]:
    try:
        yield
    except (c2pa.C2paError, OSError, KeyError) as error:
        raise UnableToMark("The file could not be signed.") from error


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def _as_unopenable() -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError, OSError, InvalidSignature) as error:
        raise UnableToOpenAuthority("The signing authority's files can not be used.") from error
