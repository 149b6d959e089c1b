"""Why a clip is on a page, in sentences."""

from feed.ranking.explaining import reasons


def test_the_three_that_counted_most_are_named_in_plain_words() -> None:
    found = reasons(
        {"content": 0.4, "trending": 0.1, "followed": 0.5, "fresh": 0.01},
        {"quality": 1.02, "age": 0.99},
    )
    assert [one.name for one in found] == ["followed", "content", "trending"]
    assert found[0].sentence == "You follow the person who made it."


def test_a_place_that_chance_gave_is_explained_by_that_first() -> None:
    found = reasons({"trending": 0.3, "first impressions": 0.0}, {"quality": 3.0})
    assert found[0].name == "first impressions"
    assert found[0].weight == 1.0


def test_wishes_are_quoted_and_what_lowered_a_clip_is_said() -> None:
    found = reasons({"wish: rainy anime": 2.0}, {"refusal: horror": 0.3, "quality": 0.5}, most=5)
    assert found[0].sentence == "You asked for more of “rainy anime”."
    assert {one.name: one.weight < 0 for one in found[1:]} == {
        "refusal: horror": True,
        "quality": True,
    }


def test_names_of_another_version_are_passed_over() -> None:
    assert reasons({"a source long gone": 1.0}, {"another": 2.0}) == []
