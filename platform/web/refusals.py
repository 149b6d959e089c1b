"""How a refusal is shown: beside the field it is about, as a notice, or as a page."""

from collections.abc import Callable
from urllib.parse import quote

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from common.errors import ReverieError
from common.problems import Problem, problem_of
from common.wire import error_response
from web.access import is_fragment

FORM_NAMES = {"num_inference_steps": "steps", "text": "caption", "input_reference": "picture"}
"""Fields that a form calls otherwise than the services do."""


class RefusalMiddleware:
    """A page's refusal (`ReverieError`) becomes the error page, or a notice where htmx asked."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer as the view does."""
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The answer to `error`; None for what is no refusal of ours."""
        if not isinstance(error, ReverieError):
            return None
        problem = problem_of(error)
        if not is_fragment(request):
            return error_response(request, problem)
        headers = problem.headers | {"X-Reverie-Problem": quote(problem.detail)}
        return HttpResponse(problem.detail, status=problem.status, headers=headers)


def refuse(form: forms.Form, error: ReverieError) -> Problem:
    """Write `error` beside the field of `form` it is about; the refusal, for its status."""
    problem = problem_of(error)
    name = FORM_NAMES.get(error.field or "", error.field)
    form.add_error(name if name in form.fields else None, problem.detail)
    return problem
