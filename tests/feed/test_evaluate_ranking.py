"""`manage.py evaluate_ranking` on logs as people have them, good and bad."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command

ROWS = [
    (f"person-{who}", f"clip {(who * 5 + step) % 15}", 1_700_000_000 + who * 3600 + step * 60)
    for who in range(60)
    for step in range(7)
]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log.csv"


def written(path: Path, rows: list[tuple[Any, ...]], header: str = "user,item,timestamp") -> Path:
    lines = [header, *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def evaluated(path: Path, split: str = "leave-last-out", **options: Any) -> dict[str, Any]:
    out = StringIO()
    call_command("evaluate_ranking", interactions=path, split=split, stdout=out, **options)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def without_seconds(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name != "seconds"}


@pytest.mark.parametrize("split", ["leave-last-out", "time"])
def test_says_how_good_the_ranking_is_and_how_good_others_are(log: Path, split: str) -> None:
    found = evaluated(written(log, ROWS), split)
    assert found["split"] == split
    assert (found["events"], found["users"], found["items"]) == (420, 60, 15)
    assert found["queries"] > 0
    assert found["seconds"] > 0
    assert set(found["baselines"]) >= {"popularity", "popularity, half-life 7 days", "EASE"}
    for scores in (found, *found["baselines"].values()):
        assert 0 <= scores["ndcg@20"] <= 1
        assert 0 <= scores["recall@20"] <= 1
    assert found["ndcg@20"] >= found["baselines"]["popularity"]["ndcg@20"]


def test_lines_in_any_order_and_twice_come_to_the_same(log: Path) -> None:
    tidy = without_seconds(evaluated(written(log, ROWS)))
    shuffled = [ROWS[place] for place in np.random.default_rng(3).permutation(len(ROWS))]
    again = without_seconds(evaluated(written(log, [*shuffled, *shuffled[:50]])))
    assert again == tidy


def test_columns_may_be_in_another_order_and_more(log: Path) -> None:
    rows = [(time, "x", item, user) for user, item, time in ROWS]
    other = evaluated(written(log, rows, header="timestamp,rating,item,user"))
    assert without_seconds(other) == without_seconds(evaluated(written(log, ROWS)))


def test_people_of_one_event_repeats_and_equal_times_are_no_trouble(log: Path) -> None:
    rows = [(f"once{who}", f"only{who}", 5) for who in range(30)]
    rows += [(f"again{who}", f"song{step % 2}", 5) for who in range(9) for step in range(3)]
    rows += [("again0", f"song{step}", 5 + step) for step in (0, 1, 0, 1)]
    found = evaluated(written(log, [*ROWS, *rows]))
    assert found["queries_left_out"] > 0
    assert found["queries"] + found["queries_left_out"] == found["users"]


@pytest.mark.parametrize("split", ["leave-last-out", "time"])
def test_of_too_many_people_a_sample_is_asked_and_the_others_are_counted(
    log: Path, split: str
) -> None:
    everybody = evaluated(written(log, ROWS), split)
    some, again, others = (evaluated(log, split, queries=5, seed=seed) for seed in (1, 1, 2))
    assert everybody["queries_not_asked"] == 0
    assert some["queries"] + some["queries_left_out"] == 5
    assert some["queries_not_asked"] == everybody["queries"] + everybody["queries_left_out"] - 5
    assert without_seconds(some) == without_seconds(again)
    assert others["queries_not_asked"] == some["queries_not_asked"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "line 1: no column named user, item, timestamp"),
        ("user,item\n1,2\n", "line 1: no column named timestamp"),
        ("user,item,timestamp\n", "no interaction"),
        ("user,item,timestamp\n1,2,3\n1,2,monday\n", "line 3: 'monday'"),
        ("user,item,timestamp\n1,2,3\n1,2\n", "line 3: 2 columns"),
        ("user,item,timestamp\n,2,3\n", "line 2: a user, an item and a time"),
        ("user,item,timestamp\n1,2,nan\n", "line 2: a user, an item and a time"),
        ("user,item,timestamp\n1,2,inf\n", "line 2"),
        ('user,item,timestamp\n1,"2,3\n', "can not be read"),
        ("user,item,timestamp\n1,2,3\n", "nothing to learn from"),
    ],
)
def test_a_bad_file_is_refused_with_the_line(log: Path, text: str, why: str) -> None:
    log.write_text(text, encoding="utf-8")
    with pytest.raises(CommandError, match=why):
        evaluated(log)


def test_what_is_no_text_or_not_there_is_refused(log: Path) -> None:
    with pytest.raises(CommandError, match="can not be read"):
        evaluated(log)
    log.write_bytes(b"user,item,timestamp\n\xff\xfe,2,3\n")
    with pytest.raises(CommandError, match="can not be read"):
        evaluated(log)
    with pytest.raises(CommandError, match="between 0 and 1"):
        evaluated(written(log, ROWS), "time", cut=1.5)
    with pytest.raises(CommandError, match="1 or more"):
        evaluated(log, "time", queries=0)
