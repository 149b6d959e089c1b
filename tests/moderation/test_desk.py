"""The reviewers' desk: who may sit at it, what lies on it, and what its buttons do."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User
from clips.models import Clip
from clips.states import HELD, PUBLISHED, REJECTED
from moderation.models.judging import Decision
from moderation.services.clips import fingerprint
from tests.moderation.conftest import MakeClip, MakeUser
from tests.moderation.test_screening import screened

LIST = "admin:moderation_heldclip_changelist"
PAGE = "admin:moderation_heldclip_judge"
DECIDE = "admin:moderation_heldclip_decide"


PLAIN_STATIC_FILES = "django.contrib.staticfiles.storage.StaticFilesStorage"


@pytest.fixture(autouse=True)
def _open_admin(settings: Any) -> None:
    """No second factor, and static files that nobody has collected."""
    settings.ADMIN_SECOND_FACTOR = False
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": PLAIN_STATIC_FILES}}


@pytest.fixture
def held(make_clip: MakeClip, settings: Any) -> Clip:
    settings.FRAME_DETECTORS = []
    return screened(make_clip(caption="<b>a kite</b>", hashtags=("wind",)))


def client_of(user: User | None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def decided(client: Client, clip: Clip, **fields: str) -> Any:
    asked = {"seen": fingerprint(clip), **fields}
    answer = client.post(reverse(DECIDE, args=[clip.pk]), asked)
    clip.refresh_from_db()
    return answer


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CREATOR])
def test_others_are_turned_away(role: Role, held: Clip, make_user: MakeUser) -> None:
    client = client_of(make_user(role))
    assert client.get(reverse(PAGE, args=[held.pk])).status_code == 403
    assert decided(client, held, verdict="allow").status_code == 403
    assert client.get(reverse(LIST)).status_code in {302, 403}
    assert held.state == HELD


def test_a_staff_flag_is_not_enough(held: Clip, make_user: MakeUser) -> None:
    user = make_user(Role.CREATOR)
    User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
    client = client_of(User.objects.get(pk=user.pk))
    assert client.get(reverse(LIST)).status_code in {302, 403}
    assert decided(client, held, verdict="allow").status_code == 403


def test_visitors_are_sent_to_log_in(held: Clip) -> None:
    assert client_of(None).get(reverse(PAGE, args=[held.pk])).status_code == 302
    assert decided(client_of(None), held, verdict="allow").status_code == 302
    assert held.state == HELD


def test_a_moderator_without_the_second_factor_decides_nothing(
    held: Clip, moderator: User, settings: Any
) -> None:
    settings.ADMIN_SECOND_FACTOR = True
    assert decided(client_of(moderator), held, verdict="allow").status_code == 302
    assert held.state == HELD


def test_the_list_shows_held_clips_longest_waiting_first(
    held: Clip, make_clip: MakeClip, moderator: User, django_assert_max_num_queries: Any
) -> None:
    later = screened(make_clip(caption="later"))
    make_clip(caption="not judged yet")
    client = client_of(moderator)
    with django_assert_max_num_queries(12):
        page = client.get(reverse(LIST)).content.decode()
    assert page.index(str(held.pk)) < page.index(str(later.pk))
    assert "not judged yet" not in page
    assert "person will look" in page


def test_the_page_shows_pictures_signals_decisions_and_two_buttons(
    held: Clip, moderator: User
) -> None:
    answer = client_of(moderator).get(reverse(PAGE, args=[held.pk]))
    page = answer.content.decode()
    assert f"/clips/{held.pk}/files/spritesheet" in page
    assert "<video" in page
    assert "lexicon" in page
    assert "the machines" in page
    assert "&lt;b&gt;a kite&lt;/b&gt;" in page
    assert 'value="allow"' in page
    assert 'value="block"' in page
    assert " style=" not in page.split("<main")[1].split("</main")[0]


def test_the_files_on_the_desk_are_open_to_the_reviewer_only(
    held: Clip, moderator: User, make_user: MakeUser
) -> None:
    name = held.video.renditions.get(kind="spritesheet").name
    url = reverse("clips:file", kwargs={"clip_id": held.pk, "name": name})
    assert client_of(moderator).get(url).getvalue().startswith(b"\xff\xd8")
    assert client_of(make_user(Role.VIEWER)).get(url).status_code == 404


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.ADMIN])
def test_approving_publishes(role: Role, held: Clip, make_user: MakeUser) -> None:
    reviewer = make_user(role)
    assert decided(client_of(reviewer), held, verdict="allow").status_code == 302
    assert (held.state, held.allowed_digest) == (PUBLISHED, held.digest)
    assert Decision.objects.filter(decided_by=reviewer, verdict="allow").count() == 1


def test_rejecting_needs_a_reason(held: Clip, moderator: User) -> None:
    client = client_of(moderator)
    answer = decided(client, held, verdict="block", reason=" ")
    assert held.state == HELD
    assert "Say why" in client.get(answer["Location"]).content.decode()
    decided(client, held, verdict="block", reason="Too loud; lower it.")
    assert (held.state, held.reason) == (REJECTED, "Too loud; lower it.")


def test_nonsense_is_refused(held: Clip, moderator: User) -> None:
    client = client_of(moderator)
    assert decided(client, held, verdict="maybe").status_code == 404
    decided(client, held, verdict="allow", seen="something else")
    assert held.state == HELD
    assert client.get(reverse(DECIDE, args=[held.pk])).status_code == 405
    guarded = Client(enforce_csrf_checks=True)
    guarded.force_login(moderator)
    assert decided(guarded, held, verdict="allow").status_code == 403
    assert held.state == HELD


def test_records_are_for_reading(held: Clip, moderator: User) -> None:
    client = client_of(moderator)
    for name in ("signal", "decision"):
        assert client.get(reverse(f"admin:moderation_{name}_changelist")).status_code == 200
        assert client.get(reverse(f"admin:moderation_{name}_add")).status_code == 403
