"""What a render worker does with a job, whatever happens in the middle of it."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from clips.models import Clip, Rendition, Video
from common.objects import store
from generation.engines.port import RenderingStopped
from generation.models import Job
from generation.rendering.lease import claim_next
from generation.rendering.rendering import render_next
from generation.rendering.sweep import sweep_jobs
from generation.services import delete_job
from tests.generation.conftest import ask

pytestmark = pytest.mark.django_db(transaction=True)


def _job_of(video: dict[str, str]) -> Job:
    return Job.objects.get(pk=UUID(video["id"].removeprefix("video_")))


def _moves(job: Job) -> list[tuple[str, str]]:
    return list(job.events.order_by("pk").values_list("from_state", "to_state"))


@pytest.fixture
def _lease_of_a_moment(settings: Settings) -> Iterator[None]:
    settings.JOB_LEASE_SECONDS = 0.001
    yield


def test_a_job_becomes_a_stored_video_with_all_its_files(client: Client) -> None:
    asked = ask(client)
    render_next()
    job = _job_of(asked)
    assert job.state == "completed"
    assert job.progress == 100
    assert job.video is not None
    kinds = set(job.video.renditions.values_list("kind", flat=True))
    assert kinds == {"mp4", "hls_playlist", "hls_init", "hls_segment", "poster", "spritesheet"}
    assert all(store().exists(file.digest) for file in job.video.renditions.all())
    assert _moves(job) == [("", "queued"), ("queued", "in_progress"), ("in_progress", "completed")]


def test_jobs_are_made_in_the_order_they_were_asked_for(client: Client) -> None:
    first, second = ask(client), ask(client)
    assert [first["queue_position"], second["queue_position"]] == [1, 2]
    render_next()
    assert _job_of(first).state == "completed"
    assert _job_of(second).state == "queued"
    assert client.get(f"/v1/videos/{second['id']}").json()["queue_position"] == 1


def test_a_ring_for_nothing_does_nothing(client: Client) -> None:
    asked = ask(client)
    render_next()
    render_next()
    assert Video.objects.count() == 1
    assert len(_moves(_job_of(asked))) == 3


def test_posting_at_creation_submits_the_clip_in_the_same_breath(client: Client) -> None:
    ask(client, post={"caption": "Look", "hashtags": ["#Star"], "privacy": "followers"})
    render_next()
    clip = Clip.objects.get()
    assert (clip.caption, clip.hashtags, clip.privacy) == ("Look", ["star"], "followers")
    assert clip.digest == clip.video.digest
    assert clip.state != "published"


def test_a_lease_is_held_by_one_worker_only(client: Client) -> None:
    asked = ask(client)
    lease = claim_next()
    assert lease is not None
    assert lease.job.pk == _job_of(asked).pk
    assert claim_next() is None


def test_reporting_keeps_the_lease_and_tells_progress(client: Client) -> None:
    asked = ask(client)
    lease = claim_next()
    assert lease is not None
    before = _job_of(asked).lease_until
    lease.report(40)
    job = _job_of(asked)
    assert job.progress == 40
    assert before is not None
    assert job.lease_until is not None
    assert job.lease_until > before


def test_a_deleted_job_stops_its_worker_at_the_next_step(client: Client, creator: User) -> None:
    asked = ask(client)
    lease = claim_next()
    assert lease is not None
    delete_job(creator, _job_of(asked).pk, now=timezone.now())
    with pytest.raises(RenderingStopped):
        lease.report(50)
    assert not lease.extend()
    assert client.get(f"/v1/videos/{asked['id']}").status_code == 404


@pytest.mark.usefixtures("_lease_of_a_moment")
def test_a_job_whose_worker_is_gone_is_queued_again_and_made_once(client: Client) -> None:
    asked = ask(client)
    lost = claim_next()
    assert lost is not None
    later = timezone.now() + timedelta(seconds=1)
    assert sweep_jobs(now=later)
    assert _job_of(asked).state == "queued"
    with pytest.raises(RenderingStopped):
        lost.report(50)
    django_settings.JOB_LEASE_SECONDS = 20
    render_next()
    job = _job_of(asked)
    assert (job.state, job.attempts) == ("completed", 2)


def test_a_live_lease_is_left_alone(client: Client) -> None:
    asked = ask(client)
    assert claim_next() is not None
    assert not sweep_jobs(now=timezone.now())
    assert _job_of(asked).state == "in_progress"


def test_a_job_that_outlives_its_workers_is_failed_and_says_so(client: Client) -> None:
    asked = ask(client)
    job = _job_of(asked)
    Job.objects.filter(pk=job.pk).update(
        state="in_progress",
        attempts=django_settings.JOB_MAX_ATTEMPTS,
        lease_token=uuid4(),
        lease_until=timezone.now() - timedelta(seconds=1),
    )
    sweep_jobs(now=timezone.now())
    shown = client.get(f"/v1/videos/{asked['id']}").json()
    assert shown["status"] == "failed"
    assert shown["error"]["code"] == "worker_lost"


def test_an_engine_that_is_not_there_fails_the_job_in_words(client: Client) -> None:
    asked = ask(client)
    Job.objects.filter(pk=_job_of(asked).pk).update(engine="gone")
    render_next()
    shown = client.get(f"/v1/videos/{asked['id']}").json()
    assert (shown["status"], shown["error"]["code"]) == ("failed", "model_not_found")


def test_deleting_a_finished_video_takes_its_files_and_its_clip(client: Client) -> None:
    asked = ask(client, post={})
    render_next()
    digests = list(Rendition.objects.values_list("digest", flat=True))
    assert client.delete(f"/v1/videos/{asked['id']}").json()["deleted"] is True
    assert not any(store().exists(digest) for digest in digests)
    assert Clip.objects.get().state == "deleted"


def test_words_that_only_the_full_screen_understands_end_the_job_before_the_engine(
    client: Client,
) -> None:
    asked, calm = ask(client), ask(client)
    job = _job_of(asked)
    # As if the door had let it pass: the full screen is the one that is asked here.
    Job.objects.filter(pk=job.pk).update(
        prompt="a man beating a woman to death with a hammer, blood"
    )
    render_next()
    job.refresh_from_db()
    assert (job.state, job.error_code, job.video) == ("failed", "moderation_blocked", None)
    assert "not accepted" in job.error_message
    assert client.get(f"/v1/videos/{asked['id']}").json()["error"]["code"] == "moderation_blocked"
    render_next()
    assert _job_of(calm).state == "completed"
