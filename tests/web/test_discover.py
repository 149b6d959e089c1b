"""The pages of search, hashtags, remixes, pins and figures."""

import pytest
from django.test import Client
from django.utils import timezone

from clips.models import Clip
from clips.services import edit_clip
from feed.distribution.tags import count_tags
from feed.models.arrivals import Arrival, CameFrom
from feed.services.pinning import pin_clip
from generation.models import Job
from tests.people import browser_of, make_clip, make_user
from tests.web.markup import Markup

pytestmark = pytest.mark.django_db


def opened(client: Client, path: str, *, status: int = 200, **more: str) -> str:
    answer = client.get(path, headers=more)
    assert answer.status_code == status, path
    html = answer.content.decode()
    markup = Markup(html)
    assert (markup.faults, markup.forms_without_token, markup.unlabelled) == ([], [], set()), path
    return html


def test_the_search_page_finds_clips_people_and_hashtags() -> None:
    author = make_user("fox_friend", display_name="Mira")
    clip = make_clip(author, caption="Foxes at dawn", hashtags=["dawn"])
    make_clip(make_user(), hashtags=["dawn"])
    count_tags(now=timezone.now())
    visitor = Client()
    empty = opened(visitor, "/search")
    assert "/tags/dawn" in empty
    assert str(clip.pk) in opened(visitor, "/search?q=foxes")
    assert "/@fox_friend" in opened(visitor, "/search?q=fox_frend&kind=people")
    assert "/tags/dawn" in opened(visitor, "/search?q=dwan&kind=tags")
    assert "Nothing found" in opened(visitor, "/search?q=zzzzqq")
    assert "at most 200 characters" in opened(visitor, f"/search?q={'x' * 300}", status=422)
    assert "<script>x" not in opened(visitor, "/search?q=<script>x</script>")
    opened(visitor, "/search?q=fox&kind=planets", status=404)


def test_pages_of_what_is_found_go_on() -> None:
    author = make_user()
    for number in range(30):
        make_clip(author, caption=f"walrus {number}", hashtags=["walrus"])
    for path in ("/search?q=walrus", "/tags/walrus", "/tags/walrus?order=top"):
        html = opened(Client(), path)
        more = html.split('hx-get="')[-1].split('"')[0].replace("&amp;", "&")
        piece = Client().get(more, headers={"hx-request": "true"})
        assert piece.content.count(b'class="tile') == 6, path
        assert b"<html" not in piece.content


def test_hashtags_lead_to_their_page() -> None:
    clip = make_clip(make_user(), caption="one", hashtags=["snow"])
    for path in ("/latest", f"/clips/{clip.pk}"):
        assert 'href="/tags/snow"' in opened(Client(), path)
    assert str(clip.pk) in opened(Client(), "/tags/SNOW")
    opened(Client(), "/tags/never_used", status=404)
    opened(Client(), "/tags/no%20tag", status=404)


def test_a_remix_begins_with_the_words_and_keeps_its_parent() -> None:
    author, viewer = make_user("author_of_it"), make_user()
    clip = make_clip(author)
    mine = browser_of(viewer)
    assert f"/create?remix={clip.pk}" in opened(mine, f"/clips/{clip.pk}")
    form = opened(mine, f"/create?remix={clip.pk}")
    assert "a red fox in the snow" in form
    assert "a clip by @author_of_it" in form
    typed = {
        "prompt": "a red fox in the rain", "model": "reverie-small-2", "size": "720x1280",
        "seconds": "2", "privacy": "public", "remix_of": str(clip.pk),
    }  # fmt: skip
    assert mine.post("/create", typed).status_code == 302
    assert Job.objects.get().parent_id == clip.video_id

    edit_clip(author, clip.pk, allows_remixes=False, now=timezone.now())
    assert "/create?remix=" not in opened(mine, f"/clips/{clip.pk}")
    assert mine.get(f"/create?remix={clip.pk}").status_code == 403
    assert mine.post("/create", typed).status_code == 403
    assert f"/create?remix={clip.pk}" in opened(browser_of(author), f"/clips/{clip.pk}")
    for other in ("nonsense", "00000000-0000-0000-0000-000000000000"):
        assert mine.get(f"/create?remix={other}").status_code == 404
    assert Job.objects.count() == 1


def test_the_author_allows_remixes_and_pins_on_the_clips_page() -> None:
    author = make_user("author_of_it")
    clip = make_clip(author, caption="mine")
    mine = browser_of(author)
    form = {"caption": "mine", "hashtags": "", "privacy": "public"}
    mine.post(f"/clips/{clip.pk}/edit", form)
    clip.refresh_from_db()
    assert (clip.allows_remixes, clip.state) == (False, "published")
    mine.post(f"/clips/{clip.pk}/edit", form | {"allows_remixes": "on"})
    clip.refresh_from_db()
    assert clip.allows_remixes
    assert mine.post(f"/clips/{clip.pk}/pin", {"pinned": "yes"}).status_code == 302
    assert "Pinned" in opened(Client(), "/@author_of_it")
    assert browser_of(make_user()).post(f"/clips/{clip.pk}/pin", {"pinned": "no"}).status_code < 500
    assert mine.post(f"/clips/{clip.pk}/pin", {"pinned": "no"}).status_code == 302
    assert "Pinned" not in opened(Client(), "/@author_of_it")


def test_the_page_says_what_a_clip_was_remixed_from() -> None:
    parent = make_clip(make_user("first_one"), caption="first")
    child = make_clip(make_user(), caption="second")
    child.video.parent_id = parent.video_id
    child.video.save()
    assert "a clip by @first_one" in opened(Client(), f"/clips/{child.pk}")
    assert "second" in opened(Client(), f"/clips/{parent.pk}")
    Clip.objects.filter(pk=parent.pk).update(privacy="only_me")
    page = opened(Client(), f"/clips/{child.pk}")
    assert "a clip that is not here" in page
    assert "first" not in page.split("<main")[1]


def test_pinned_clips_come_first() -> None:
    author = make_user("author_of_it")
    clips = [make_clip(author, caption=str(number)) for number in range(3)]
    pin_clip(author, clips[0].pk)
    page = opened(Client(), "/@author_of_it")
    assert page.index(str(clips[0].pk)) < page.index(str(clips[2].pk))


def test_figures_are_ones_own() -> None:
    author = make_user()
    clip = make_clip(author, caption="mine")
    for path in ("/studio/analytics", "/studio/analytics?days=28", f"/studio/analytics/{clip.pk}"):
        assert "Views by day" in opened(browser_of(author), path)
        assert Client().get(path).status_code == 302
    assert browser_of(make_user()).get(f"/studio/analytics/{clip.pk}").status_code == 404
    assert "No clips yet" in opened(browser_of(make_user()), "/studio/analytics")
    assert browser_of(author).get("/studio/analytics?days=9").status_code == 400


def test_who_comes_by_a_short_link_is_counted_as_such() -> None:
    clip, browser = make_clip(make_user()), Client(headers={"user-agent": "Mozilla/5.0"})
    browser.cookies["via_link"] = "1"
    browser.get(f"/clips/{clip.pk}")
    browser.get(f"/clips/{clip.pk}")
    counted = dict(Arrival.objects.values_list("came_from", "count"))
    assert counted == {CameFrom.SHARE_LINK: 1, CameFrom.DIRECT: 1}
