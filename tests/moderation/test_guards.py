"""Guards that run elsewhere, asked over a real connection."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from moderation.classifiers.guards import (
    Guard,
    GuardModel,
    ModerationEndpoint,
    UnableToAskGuard,
    read_verdict,
)

KEY = "sk-very-secret"


@contextmanager
def server(
    answer: bytes, *, status: int = 200, delay: float = 0.0
) -> Iterator[tuple[str, list[Any]]]:
    """A guard that says `answer` to whatever it is asked, and what it was asked."""
    asked: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            asked.append(
                (self.path, self.headers["Authorization"], json.loads(self.rfile.read(length)))
            )
            time.sleep(delay)
            self.send_response(status)
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as one:
        Thread(target=one.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{one.server_address[1]}/v1", asked
        one.shutdown()


def _moderated(**scores: float) -> bytes:
    names = {name.replace("__", "/"): score for name, score in scores.items()}
    result = {"flagged": False, "categories": dict.fromkeys(names, False), "category_scores": names}
    return json.dumps({"id": "m", "model": "m", "results": [result]}).encode()


def _said(text: str) -> bytes:
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}).encode()


def test_a_moderation_endpoint_is_asked_and_its_categories_are_ours() -> None:
    with server(_moderated(violence__graphic=0.93, hate=0.1)) as (address, asked):
        guard = Guard(address=address, model="omni", key=KEY)
        found = ModerationEndpoint(guard).judge({"prompt": "a kite", "caption": " "})
    scores = {finding.category: finding.score for finding in found}
    assert (scores["gore"], scores["hate"], scores["sexual"]) == (0.93, 0.1, 0.0)
    assert asked == [("/v1/moderations", f"Bearer {KEY}", {"model": "omni", "input": ["a kite"]})]
    assert KEY not in repr(guard)


def test_a_guard_model_is_asked_and_read() -> None:
    with server(_said("unsafe\nS1,S10")) as (address, asked):
        found = GuardModel(Guard(address=address, model="llama")).judge({"prompt": "a kite"})
    scores = {finding.category: finding.score for finding in found}
    assert (scores["gore"], scores["hate"], scores["sexual"]) == (1.0, 1.0, 0.0)
    path, key, question = asked[0]
    assert (path, key) == ("/v1/chat/completions", None)
    assert question["messages"] == [{"role": "user", "content": "a kite"}]


@pytest.mark.parametrize(
    ("answer", "scores"),
    [
        ("safe", {}),
        ("\n\nsafe", {}),
        ("unsafe\nS4", {"sexual_minors": 1.0}),
        ("unsafe\nS8", {}),
        ("Safety: Safe\nCategories: None", {}),
        ("Safety: Unsafe\nCategories: Violent", {"gore": 1.0}),
        ("Safety: Controversial\nCategories: Suicide & Self-Harm", {"self_harm": 0.6}),
    ],
)
def test_answers_of_known_guards_are_read(answer: str, scores: dict[str, float]) -> None:
    assert read_verdict(answer) == scores


@pytest.mark.parametrize("answer", ["", "I think it is safe", "unsafe", "unsafe\nS99", "maybe"])
def test_an_answer_that_makes_no_sense_is_no_answer(answer: str) -> None:
    with pytest.raises(UnableToAskGuard):
        read_verdict(answer)


@pytest.mark.parametrize(
    ("answer", "status", "delay"),
    [
        (b"", 500, 0.0),
        (b"", 302, 0.0),
        (b"no json", 200, 0.0),
        (b"[]", 200, 0.0),
        (b'{"results": []}', 200, 0.0),
        (b'{"results": [{"category_scores": {"hate": "x"}, "categories": {}}]}', 200, 0.0),
        (b"x" * (1 << 19), 200, 0.0),
        (_moderated(hate=0.1), 200, 1.0),
    ],
)
def test_whatever_goes_wrong_is_an_error_without_key_or_words(
    answer: bytes, status: int, delay: float
) -> None:
    with server(answer, status=status, delay=delay) as (address, _):
        guard = Guard(address=address, model="omni", key=KEY, timeout_seconds=0.4)
        with pytest.raises(UnableToAskGuard) as failure:
            ModerationEndpoint(guard).judge({"prompt": "a secret kite"})
    assert KEY not in str(failure.value)
    assert "secret" not in str(failure.value)
