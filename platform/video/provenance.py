"""The signed mark: a C2PA manifest that says who made the file and that a machine did.

Signed with the installation's own authority, offline; read back with the same authority as the
trust anchor.  Format: C2PA specification 2.x, https://c2pa.org/specifications/.
"""

import fcntl
import json
import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

import c2pa
from cryptography.exceptions import InvalidSignature

from common.errors import Unavailable
from video.certificates import new_root, new_signer, read_pair, write_pair

TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
COMPOSITE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
AI_SOURCES = frozenset({TRAINED, COMPOSITE})
ACTIONS = ("c2pa.actions.v2", "c2pa.actions")
OUR_ASSERTION = "org.reverie.video"
PARENT_LABEL = "parent"
SOFT_BINDING = "c2pa.soft-binding"
WATERMARK_ALGORITHM = "org.reverie.spread-spectrum.1"

FORMATS = {
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".webm": "video/webm",
    ".webp": "image/webp",
    ".jpg": "image/jpeg",
    ".png": "image/png",
}

ROOT_NAME, SIGNER_NAME, LOCK_NAME = "root.pem", "signer.pem", ".lock"
RENEW_BEFORE = timedelta(days=30)

State: TypeAlias = Literal["trusted", "valid", "invalid", "none"]
STATES: Mapping[str, State] = {"Trusted": "trusted", "Valid": "valid"}

SILENT_SECONDS = 60.0
"""So long a time-stamp server that did not answer is not asked again by this process."""

logger = logging.getLogger(__name__)
_silent_until: dict[str, float] = {}


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
class Parent:
    """The file a video was made from; a manifest it carries is kept inside the new one."""

    path: Path
    title: str


@dataclass(frozen=True)
class Claim:
    """What the manifest says about a video.  No prompt and no person: manifests travel.

    Without a `parent` the video was created, by `engine`, as `source_type` (one of the IPTC's
    digital source types) says.  With one it was edited by `engine`; or only brought into our
    formats, when there is no engine, as an upload is: then `source_type` is what is known of it,
    and empty when nothing is.
    """

    video_id: str
    title: str
    engine: str
    version: str
    created_at: datetime
    producer: str = "Reverie"
    source_type: str = TRAINED
    parent: Parent | None = None

    @property
    def is_ai_generated(self) -> bool:
        """Whether it says that a machine made the video, or a part of it."""
        return self.source_type in AI_SOURCES


@dataclass(frozen=True)
class ManifestReading:
    """What a file's manifest says, and how far to believe it.

    `state`: "trusted" (whole, signed by our authority), "valid" (whole, signed by somebody else),
    "invalid" (altered, or not signed as it says), "none" (no manifest).  The other fields repeat
    the manifest and mean nothing more than `state` allows: `parent` is the title of the file it
    was made from, `watermark` the id that is bound to it, as hexadecimal digits, and
    `timestamped_at` the time a time-stamp server vouches for, and `has_ai_ancestor` whether any
    manifest kept inside it, of what it was made from, says AI-made.
    """

    state: State
    is_ai_generated: bool = False
    title: str = ""
    generator: str = ""
    issuer: str = ""
    video_id: str = ""
    source_type: str = ""
    engine: str = ""
    parent: str = ""
    watermark: str = ""
    timestamped_at: datetime | None = None
    has_ai_ancestor: bool = False
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
    `timestamp_url` names an RFC 3161 server to ask at every signature; without one, none is asked,
    and one that does not answer stops no signature.
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


def sign(path: Path, *, authority: Authority, claim: Claim, watermark: str = "") -> ManifestReading:
    """Put a signed manifest into the file at `path` and check it as a stranger would.

    The file is replaced at once, or left as it was.  Any later change to it, metadata included,
    breaks the seal: sign last.  `watermark` is the id in the picture, as hexadecimal digits: it
    binds the manifest to copies that have lost it.  Raises UnableToMark when the result does not
    read as trusted and as AI-generated as the claim says, or is no MP4, WebP, JPEG or PNG by its
    name.  A time-stamp server that does not answer within 30 seconds costs the time stamp and a
    warning in the log, not the signature; for a minute it is then not asked again.
    """
    aside = path.with_name(f".{path.name}.signing")
    try:
        with _as_unmarkable():
            _write_stamped(path, aside, authority, _manifest(claim, watermark), claim.parent)
        reading = read_manifest(aside, authority=authority)
        if not reading.is_ours or reading.is_ai_generated != claim.is_ai_generated:
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


def _write_stamped(
    path: Path,
    aside: Path,
    authority: Authority,
    manifest: Mapping[str, Any],
    parent: Parent | None,
) -> None:
    """Sign with a time stamp if one can be had now, and without one if not."""
    url, plain = authority.timestamp_url, replace(authority, timestamp_url=None)
    if not url or monotonic() < _silent_until.get(url, 0.0):
        _write_signed(path, aside, plain, manifest, parent)
        return
    try:
        _write_signed(path, aside, authority, manifest, parent)
    except c2pa.C2paError:
        _write_signed(path, aside, plain, manifest, parent)
        _silent_until[url] = monotonic() + SILENT_SECONDS
        logger.warning("No time stamp from %s: signed without one.", urlsplit(url).hostname)


def _write_signed(
    path: Path,
    aside: Path,
    authority: Authority,
    manifest: Mapping[str, Any],
    parent: Parent | None,
) -> None:
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
        c2pa.Builder(json.dumps(manifest), context) as builder,
    ):
        if parent is not None:
            _add_parent(builder, parent)
        builder.sign(signer, FORMATS[path.suffix], source, target)
        target.flush()
        os.fsync(target.fileno())


def _add_parent(builder: Any, parent: Parent) -> None:
    described = {"title": parent.title, "relationship": "parentOf", "label": PARENT_LABEL}
    with parent.path.open("rb") as source:
        builder.add_ingredient(json.dumps(described), FORMATS[parent.path.suffix], source)


def _manifest(claim: Claim, watermark: str) -> dict[str, Any]:
    ours = {"video_id": claim.video_id, "producer": claim.producer}
    assertions = [
        {"label": ACTIONS[0], "data": {"actions": list(_actions(claim, watermark))}},
        {"label": OUR_ASSERTION, "data": ours},
    ]
    if watermark:
        block = {"scope": {}, "value": watermark}
        binding = {"alg": WATERMARK_ALGORITHM, "blocks": [block], "pad": ""}
        assertions.append({"label": SOFT_BINDING, "data": binding})
    return {
        "claim_version": 2,
        "claim_generator_info": [{"name": claim.producer, "version": claim.version}],
        "title": claim.title,
        "assertions": assertions,
    }


def _actions(claim: Claim, watermark: str) -> Iterator[dict[str, Any]]:
    when = claim.created_at.isoformat()
    source = {"digitalSourceType": claim.source_type} if claim.source_type else {}
    if claim.parent is None:
        name = "c2pa.created"
    else:
        ingredients = {"ingredientIds": [PARENT_LABEL]}
        yield {"action": "c2pa.opened", "when": when, "parameters": ingredients}
        name = "c2pa.edited" if claim.engine else "c2pa.transcoded"
    agent = {"softwareAgent": {"name": claim.engine}} if claim.engine else {}
    yield {"action": name, "when": when, **agent, **source}
    if watermark:
        yield {"action": "c2pa.watermarked.bound", "when": when}


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
    signature = manifest.get("signature_info", {})
    source_type, engine = _origin(assertions)
    return ManifestReading(
        state=STATES.get(report.get("validation_state", ""), "invalid"),
        is_ai_generated=source_type in AI_SOURCES,
        title=manifest.get("title") or "",
        generator=f"{generators[0].get('name', '')} {generators[0].get('version', '')}".strip(),
        issuer=signature.get("issuer", ""),
        video_id=str(assertions.get(OUR_ASSERTION, {}).get("video_id", "")),
        source_type=source_type,
        engine=engine,
        parent=_parent_title(manifest.get("ingredients", [])),
        watermark=_bound_watermark(assertions.get(SOFT_BINDING, {})),
        timestamped_at=_time(signature.get("time")),
        has_ai_ancestor=any(_says_ai(one) for one in report.get("manifests", {}).values()),
        problems=tuple(_problems(report)),
    )


def _says_ai(manifest: Mapping[str, Any]) -> bool:
    assertions = {item["label"]: item.get("data", {}) for item in manifest.get("assertions", [])}
    return _origin(assertions)[0] in AI_SOURCES


def _origin(assertions: Mapping[str, Any]) -> tuple[str, str]:
    """The digital source type and the software of the action that says where the file is from.

    A type that means AI wins over any other, whichever action says it.
    """
    actions = [
        action for label in ACTIONS for action in assertions.get(label, {}).get("actions", [])
    ]
    said = [action for action in actions if action.get("digitalSourceType")]
    said.sort(key=lambda action: action["digitalSourceType"] in AI_SOURCES, reverse=True)
    if not said:
        return "", ""
    agent = said[0].get("softwareAgent") or {}
    name = agent.get("name", "") if isinstance(agent, dict) else agent
    return str(said[0]["digitalSourceType"]), str(name)


def _parent_title(ingredients: Iterable[Mapping[str, Any]]) -> str:
    parents = [one for one in ingredients if one.get("relationship") == "parentOf"]
    return str(parents[0].get("title") or "") if parents else ""


def _bound_watermark(binding: Mapping[str, Any]) -> str:
    blocks = binding.get("blocks") or [{}]
    is_ours = binding.get("alg") == WATERMARK_ALGORITHM
    return str(blocks[0].get("value", "")) if is_ours else ""


def _time(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None


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
