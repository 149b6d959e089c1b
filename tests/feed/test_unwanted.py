"""What a viewer does not want: nowhere in the lists that nobody asked anybody for."""

from typing import Any

import pytest
from django.utils import timezone

from clips.models import Clip
from clips.selectors import visible_clips
from feed.models.wishes import FeedSettings, HiddenCreator, MutedWord
from feed.selectors.unwanted import unwanted_by, wanted_clips
from feed.services.wishes import mute_word
from social.models.people import Follow, Mute
from tests.people import make_clip, make_user, program_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("word", "caption", "tags", "is_said"),
    [
        ("cat", "A cat, asleep", [], True),
        ("cat", "Two CATS!", [], True),
        ("cat", "cat", [], True),
        ("cat", "a location", [], False),
        ("cat", "catalogue", [], False),
        ("cat", "", ["cat"], True),
        ("cat", "", ["cats"], True),
        ("cat", "", ["concat"], False),
        ("black cat", "The black   cat.", [], True),
        ("black cat", "black and cat", [], False),
        ("50%", "50% off", [], True),
        (".*", "anything", [], False),
        ("x_y", "xzy", [], False),
        ("snow", "", [], True),
        ("fuchs", "Der Füchse Bau", [], False),
        ("猫", "黒猫です", [], True),
        ("犬", "黒猫です", [], False),
    ],
)
def test_a_muted_word_is_found_as_a_whole(
    word: str, caption: str, tags: list[str], *, is_said: bool
) -> None:
    """`snow` is in every prompt here."""
    viewer, clip = make_user(), make_clip(make_user(), caption=caption, hashtags=tags)
    MutedWord.objects.create(user=viewer, word=word)
    assert wanted_clips(viewer).filter(pk=clip.pk).exists() is not is_said
    assert wanted_clips(make_user()).filter(pk=clip.pk).exists()


def test_the_latest_and_the_followed_leave_out_what_is_unwanted(
    django_assert_num_queries: Any,
) -> None:
    viewer, muted, hidden, author = (make_user() for _ in range(4))
    shown = make_clip(author, caption="calm")
    make_clip(muted), make_clip(hidden)
    spider, unsure = make_clip(author, caption="spiders"), make_clip(author)
    unsure.video.__class__.objects.filter(pk=unsure.video_id).update(provenance="suspected")
    own = make_clip(viewer, caption="my own spiders")
    for followee in (muted, hidden, author):
        Follow.objects.create(follower=viewer, followee=followee)
    Mute.objects.create(muter=viewer, muted=muted)
    HiddenCreator.objects.create(user=viewer, creator=hidden)
    mute_word(viewer, "spider", now=timezone.now())
    FeedSettings.objects.create(user=viewer, amount_suspected=0)
    program = program_of(viewer)

    def ids(mode: str) -> set[str]:
        page = program.get(f"/api/v1/feed?mode={mode}&limit=50").json()
        return {clip["id"] for clip in page["data"]}

    assert ids("latest") == {str(shown.pk), str(own.pk)}
    followed = ids("following")
    assert str(shown.pk) in followed
    authors = set(Clip.objects.filter(pk__in=followed).values_list("author", flat=True))
    assert authors == {author.pk}
    assert visible_clips(viewer).count() == 6
    with django_assert_num_queries(1):
        list(wanted_clips(viewer))
    assert unwanted_by(viewer).words == {"spider"}
    assert Clip.objects.filter(pk=spider.pk).exists()
