"""The signed manifest: ours reads trusted, a changed byte reads invalid."""

import stat
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import c2pa
import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from video.encoding import encode
from video.frames import Frames
from video.production import Production
from video.provenance import (
    Authority,
    Claim,
    UnableToMark,
    UnableToOpenAuthority,
    ensure_authority,
    read_manifest,
    sign,
)


@pytest.fixture
def unsigned(tmp_path: Path, square: Frames) -> Path:
    encode(square, frames_per_second=8, width=96, height=96, folder=tmp_path)
    return tmp_path / "video.mp4"


def test_a_signed_file_says_who_made_it_and_that_a_machine_did(
    unsigned: Path, authority: Authority, claim: Claim
) -> None:
    assert read_manifest(unsigned, authority=authority).state == "none"
    reading = sign(unsigned, authority=authority, claim=claim)
    assert read_manifest(unsigned, authority=authority) == reading
    assert (reading.state, reading.is_ai_generated, reading.is_ours) == ("trusted", True, True)
    assert (reading.title, reading.video_id) == (claim.title, claim.video_id)
    assert (reading.generator, reading.issuer) == ("Reverie 0.1.0", "Reverie")
    assert reading.problems == ()
    assert [path.name for path in unsigned.parent.glob(".*")] == [], "no scraps"


def test_a_stock_reader_agrees(unsigned: Path, authority: Authority, claim: Claim) -> None:
    sign(unsigned, authority=authority, claim=claim)
    with c2pa.Reader(str(unsigned)) as reader:
        assert reader.get_validation_state() == "Valid"
        manifest = reader.get_active_manifest()
    action = manifest["assertions"][1]["data"]["actions"][0]
    assert action["action"] == "c2pa.created"
    assert action["digitalSourceType"].endswith("/trainedAlgorithmicMedia")
    assert action["softwareAgent"]["name"] == claim.engine


def test_another_installations_file_is_valid_and_not_ours(
    mp4: Path, tmp_path: Path, now: datetime
) -> None:
    stranger = ensure_authority(tmp_path / "stranger", now=now, organisation="Elsewhere")
    reading = read_manifest(mp4, authority=stranger)
    assert (reading.state, reading.is_ai_generated, reading.is_ours) == ("valid", True, False)
    assert "signingCredential.untrusted" in reading.problems


@given(box=st.sampled_from([b"moov", b"mdat"]), place=st.floats(0, 1), bit=st.integers(0, 7))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_one_flipped_bit_in_header_or_media_reads_invalid(
    box: bytes, place: float, bit: int, mp4: Path, authority: Authority, tmp_path: Path
) -> None:
    content = bytearray(mp4.read_bytes())
    start = content.index(box) - 4
    size = int.from_bytes(content[start : start + 4], "big")
    content[start + round(place * (size - 1))] ^= 1 << bit
    (tmp_path / "flipped.mp4").write_bytes(content)
    assert read_manifest(tmp_path / "flipped.mp4", authority=authority).state == "invalid"


def test_one_flipped_bit_in_a_picture_reads_invalid(
    production: Production, authority: Authority, tmp_path: Path
) -> None:
    for file in production.files:
        if file.kind in ("poster", "spritesheet"):
            content = bytearray(file.path.read_bytes())
            # WebP: within the picture's chunk; JPEG: within the entropy-coded data.
            content[content.index(b"VP8 ") + 400 if file.kind == "poster" else -400] ^= 1
            (tmp_path / file.name).write_bytes(content)
            assert read_manifest(file.path, authority=authority).state == "trusted"
            assert read_manifest(tmp_path / file.name, authority=authority).state == "invalid"


def test_a_changed_manifest_is_not_believed(
    mp4: Path, authority: Authority, tmp_path: Path
) -> None:
    content = mp4.read_bytes().replace(b"trainedAlgorithmicMedia", b"trainedAlgorithmicMedix")
    (tmp_path / "forged.mp4").write_bytes(content)
    assert read_manifest(tmp_path / "forged.mp4", authority=authority).state == "invalid"


def test_a_re_encoded_file_has_lost_its_manifest(
    mp4: Path, square: Frames, authority: Authority, tmp_path: Path
) -> None:
    with Image.open(mp4.parent / "poster.webp") as poster:
        poster.save(tmp_path / "again.png")
    (tmp_path / "notes.txt").write_text("no picture at all")
    (tmp_path / "empty").touch()
    for name in ("again.png", "notes.txt", "empty"):
        assert read_manifest(tmp_path / name, authority=authority).state == "none"
    with pytest.raises(FileNotFoundError):
        read_manifest(tmp_path / "absent", authority=authority)


def test_reads_without_a_file_name_ending(mp4: Path, authority: Authority, tmp_path: Path) -> None:
    stored = tmp_path / ("ab" * 32)
    stored.write_bytes(mp4.read_bytes())
    assert read_manifest(stored, authority=authority).state == "trusted"


def test_what_can_not_be_signed_is_left_as_it_was(
    unsigned: Path, authority: Authority, claim: Claim, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"not a video at all")
    before = unsigned.read_bytes()
    other_key = ensure_authority(tmp_path / "other", now=claim.created_at)
    mixed = replace(authority, private_key_pem=other_key.private_key_pem)
    foreign_root = replace(authority, root_certificate_pem=other_key.root_certificate_pem)
    years_ago = claim.created_at - timedelta(days=6 * 365)
    expired = ensure_authority(tmp_path / "expired", now=years_ago)
    for path, signer in ((broken, authority), (tmp_path / "absent.mp4", authority),
                         (tmp_path / "file.exe", authority), (unsigned, mixed),
                         (unsigned, foreign_root), (unsigned, expired)):  # fmt: skip
        with pytest.raises(UnableToMark):
            sign(path, authority=signer, claim=claim)
    assert unsigned.read_bytes() == before
    assert [path.name for path in unsigned.parent.glob(".*")] == []


def test_the_authority_is_made_once_and_kept_private(tmp_path: Path, now: datetime) -> None:
    folder = tmp_path / "state" / "authority"
    made = ensure_authority(folder, now=now)
    assert ensure_authority(folder, now=now + timedelta(days=300)) == made
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name
    assert "PRIVATE" not in repr(made)
    leaf = x509.load_pem_x509_certificate(made.certificate_pem)
    usages = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usages) == [ExtendedKeyUsageOID.EMAIL_PROTECTION]
    leaf.verify_directly_issued_by(x509.load_pem_x509_certificate(made.root_certificate_pem))


def test_an_ageing_signer_is_renewed_and_old_files_stay_trusted(
    unsigned: Path, tmp_path: Path, now: datetime, claim: Claim
) -> None:
    folder = tmp_path / "authority"
    old = ensure_authority(folder, now=now)
    sign(unsigned, authority=old, claim=claim)
    fresh = ensure_authority(folder, now=now + timedelta(days=5 * 365 - 20))
    assert fresh.certificate_pem != old.certificate_pem
    assert fresh.root_certificate_pem == old.root_certificate_pem
    assert read_manifest(unsigned, authority=fresh).state == "trusted"


def test_processes_that_start_together_share_one_authority(tmp_path: Path, now: datetime) -> None:
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        asked = [pool.submit(ensure_authority, tmp_path / "authority", now=now) for _ in range(8)]
        made = {one.result() for one in asked}
    assert len(made) == 1


def test_damaged_authority_files_are_said_so_and_never_replaced(
    tmp_path: Path, now: datetime
) -> None:
    folder, other = tmp_path / "authority", tmp_path / "other"
    ensure_authority(folder, now=now)
    ensure_authority(other, now=now)
    whole = (folder / "root.pem").read_bytes()
    for damage in (b"", whole[:200], (other / "root.pem").read_bytes(),
                   whole.partition(b"-----BEGIN CERT")[0]
                   + (other / "root.pem").read_bytes()[-600:]):  # fmt: skip
        (folder / "root.pem").write_bytes(damage)
        with pytest.raises(UnableToOpenAuthority):
            ensure_authority(folder, now=now)
        assert (folder / "root.pem").read_bytes() == damage
