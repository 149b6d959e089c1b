"""The engines of this deployment, by name, from its engines file.

The file is YAML: `engines:` is a list, the first being the default.  Reading it loads no weights;
`load_engine` does, and is called by the render worker only.
"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml

from common.errors import Invalid, ReverieError
from generation.engines.port import Engine, EngineDescription, Length, PictureUse, PromptReading


class UnableToReadEngines(ReverieError):
    """The engines file is missing or wrong; the message names the entry and the key."""

    code = "engines_file"


class UnknownEngine(Invalid):
    """No engine of this name is offered here."""

    code = "model_not_found"
    field = "model"


@cache
def descriptions(file: Path) -> Mapping[str, EngineDescription]:
    """Every engine in `file` by id, in its order.  Raises UnableToReadEngines."""
    try:
        entries = yaml.safe_load(file.read_text(encoding="utf-8"))["engines"]
        found = [_description(entry, folder=file.parent) for entry in entries]
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise UnableToReadEngines(f"{file}: {error!r}") from error
    if not found:
        raise UnableToReadEngines(f"{file}: it lists no engine")
    return {description.id: description for description in found}


def _description(entry: Mapping[str, Any], *, folder: Path) -> EngineDescription:
    lengths = {
        str(seconds): Length(int(length["frames"]), float(length["frames_per_second"]))
        for seconds, length in entry["lengths"].items()
    }
    native = entry.get("native_size")
    local = folder / entry["source"]
    return EngineDescription(
        id=entry["id"],
        driver=entry["driver"],
        source=str(local) if local.is_dir() else entry["source"],
        pipeline=entry.get("pipeline", ""),
        owned_by=entry["owned_by"],
        created=int(entry["created"]),
        sizes=tuple(_size(size) for size in entry["sizes"]),
        native_size=_size(native) if native else None,
        lengths=lengths,
        inference_steps=int(entry["inference_steps"]),
        max_inference_steps=int(entry["max_inference_steps"]),
        guidance_scale=float(entry["guidance_scale"]),
        dtype=entry.get("dtype", "float32"),
        device=entry.get("device", "auto"),
        needs_picture_guard=_flag(entry, "needs_picture_guard", default=True),
        reader=entry.get("reader", ""),
        follows_boxes=_flag(entry, "follows_boxes", default=False),
        picture=PictureUse(entry.get("picture", PictureUse.NONE)),
    )


def _flag(entry: Mapping[str, Any], name: str, *, default: bool) -> bool:
    value = entry.get(name, default)
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be true or false, not {value!r}")
    return value


def _size(text: str) -> tuple[int, int]:
    width, height = text.split("x")
    return int(width), int(height)


def description_of(engine_id: str | None, *, file: Path) -> EngineDescription:
    """One engine's description; the default one for None.  Raises UnknownEngine."""
    offered = descriptions(file)
    if engine_id is None:
        return next(iter(offered.values()))
    if engine_id not in offered:
        raise UnknownEngine(f"Model {engine_id!r} is not offered here. Use {', '.join(offered)}.")
    return offered[engine_id]


def reading_of(prompt: str, description: EngineDescription) -> PromptReading | None:
    """What an engine makes of a prompt; None where it can not tell."""
    if not description.reader:
        return None
    module, _, name = description.reader.rpartition(".")
    reading: PromptReading = getattr(import_module(module), name)(prompt)
    return reading


@cache
def load_engine(engine_id: str, *, file: Path) -> Engine:
    """The engine itself, loaded once per process.  Raises UnknownEngine, UnableToRender."""
    description = description_of(engine_id, file=file)
    module, _, name = description.driver.rpartition(".")
    engine: Engine = getattr(import_module(module), name)(description)
    return engine
