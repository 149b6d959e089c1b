"""What is published of the ranking is all there is, and cannot go stale."""

from dataclasses import fields

import pytest
from django.test import Client

from feed.ranking.actions import Action
from feed.ranking.catalogue import Catalogue
from feed.ranking.parameters import Parameters
from feed.ranking.viewers import ViewerState, Wishes
from feed.serving.publishing import ACTIONS_TOLD, CLIP_TOLD, VIEWER_TOLD, WISHES_TOLD


@pytest.mark.parametrize(
    ("kind", "told"),
    [(ViewerState, VIEWER_TOLD), (Wishes, WISHES_TOLD), (Catalogue, CLIP_TOLD)],
)
def test_everything_the_ranking_is_given_is_told(kind: type, told: dict[str, str]) -> None:
    assert set(told) == {one.name for one in fields(kind)}


def test_everything_that_people_can_do_is_told() -> None:
    assert set(ACTIONS_TOLD) == set(Action)


@pytest.mark.django_db
def test_every_parameter_is_on_the_page_with_its_value() -> None:
    page = Client().get("/transparency/ranking")
    assert page.status_code == 200
    text = page.content.decode()
    for one in fields(Parameters):
        assert f"<code>{one.name}</code>" in text
    assert "What the models learned" in text
