"""What is looked at before Reverie starts."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004 - Django's names

from common.errors import ReverieError
from generation.engines.port import EngineDescription
from generation.selectors import offered_engines

NUDITY_ONLY = frozenset({"moderation.classifiers.nudity.nudity_detector"})
HINT = (
    "Name a detector for violence, minors and likeness in REVERIE_FRAME_DETECTORS, or say that you "
    "know what you do by naming the engine in REVERIE_UNGUARDED_ENGINES."
)


@register("gate")
def check_picture_guard(**_: Any) -> list[CheckMessage]:
    """An error when an engine can make what no configured detector can see.

    Only a warning for an engine that is named in UNGUARDED_ENGINES.
    """
    try:
        engines = offered_engines()
    except ReverieError as error:
        return [Error(error.message, hint="Set REVERIE_ENGINES.", id="generation.E001")]
    if set(settings.FRAME_DETECTORS) - NUDITY_ONLY:
        return []
    return [_message(engine) for engine in engines if engine.needs_picture_guard]


def _message(engine: EngineDescription) -> CheckMessage:
    if engine.id in settings.UNGUARDED_ENGINES:
        return Warning(f"Engine {engine.id} runs without a picture guard.", id="generation.W001")
    return Error(
        f"Engine {engine.id} has no picture guard: frames are checked for nudity only.",
        hint=HINT,
        id="generation.E002",
    )
