"""The documents say what the code does: a name, a default or a path that is stale is red."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from pkgutil import resolve_name

import pytest
import yaml
from django.conf import settings

from clips.models import Clip
from clips.states import CLIP_STATES
from common.states import StateGraph
from config.celery import app
from generation.engines.registry import descriptions
from generation.serializers import UNSUPPORTED, VideoRequestSerializer
from generation.states import JOB_STATES
from uploads.states import UPLOAD_STATES

ROOT = Path(__file__).resolve().parents[1]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
API = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS = {one["id"]: one for one in PYPROJECT["tool"]["importlinter"]["contracts"]}

READ_ENVIRONMENT = (
    "platform/config/settings.py",
    "platform/common/storage.py",
    "platform/common/embedded/locations.py",
)
SETTING = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
SETTING_ROW = re.compile(r"^\| `([A-Z0-9_]+)` \| (.+?) \| .+ \|$", re.MULTILINE)
STATE_ROW = r"^\| `([\w.]+)` \| (.+) \|$"
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OURS = ("clips", "common", "feed", "generation", "moderation", "uploads", "video")


# --- settings ---


def _names_read(tree: ast.AST) -> Iterator[tuple[str, str | None]]:
    """Every name asked of the environment, with its default where that is written out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            yield str(node.slice.value), None
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            if getattr(node.func, "id", "") == "_flag":
                yield str(node.args[0].value), str(int(ast.literal_eval(node.keywords[0].value)))
            elif getattr(node.func, "attr", "") == "get":
                default = node.args[1] if len(node.args) > 1 else None
                said = default.value if isinstance(default, ast.Constant) else None
                yield str(node.args[0].value), str(said) if said else None


def _settings_in_code() -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for path in READ_ENVIRONMENT:
        for name, default in _names_read(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
            if SETTING.fullmatch(name):
                found[name] = default or found.get(name)
    return found


def test_the_settings_table_names_what_the_code_reads() -> None:
    in_code, told = _settings_in_code(), dict(SETTING_ROW.findall(OPERATIONS))
    assert told.keys() == in_code.keys()
    assert {name: told[name] for name, default in in_code.items() if default} == {
        name: f"`{default}`" for name, default in in_code.items() if default
    }


def test_settings_named_anywhere_in_the_documents_exist() -> None:
    known = _settings_in_code().keys()
    for page in PAGES:
        named = set(re.findall(r"\bREVERIE_[A-Z_]+[A-Z]\b", page.read_text(encoding="utf-8")))
        assert named <= known, page.name


# --- the map ---


def test_every_path_in_the_map_is_there() -> None:
    paths = [code for code in CODE.findall(ARCHITECTURE) if "/" in code and "://" not in code]
    files = [path for path in paths if re.fullmatch(r"[\w./-]+", path) and not path.startswith("/")]
    assert len(files) > 50
    assert [path for path in files if not (ROOT / path).exists()] == []


def test_every_function_in_the_map_is_there() -> None:
    names = [code for code in CODE.findall(ARCHITECTURE) if code.split(".")[0] in OURS]
    names = [name for name in names if name.count(".") > 1 or name.startswith("video.")]
    assert len(names) > 20
    for name in names:
        if name not in app.conf.beat_schedule:
            resolve_name(name)


def test_the_map_shows_the_floors_and_names_the_contracts() -> None:
    table = ARCHITECTURE.split("## Floors")[1].split("## Rooms")[0]
    rows = [CODE.findall(line.split("|")[1]) for line in table.splitlines() if line[:3] == "| `"]
    floors = [layer.split(" | ") for layer in CONTRACTS["floors"]["layers"]]
    assert rows == floors
    for contract in CONTRACTS.values():
        assert f"| {contract['name']} |" in ARCHITECTURE


def test_the_map_shows_the_rooms() -> None:
    table = ARCHITECTURE.split("## Rooms")[1].split("## The contracts")[0]
    rows = [CODE.findall(line.split("|")[1]) for line in table.splitlines() if line[:3] == "| `"]
    assert rows == [re.findall(r"\w+", layer) for layer in CONTRACTS["rooms"]["layers"]]


@pytest.mark.parametrize(
    "graph", [JOB_STATES, CLIP_STATES, UPLOAD_STATES], ids=lambda graph: graph.name
)
def test_the_map_draws_the_state_graphs(graph: StateGraph) -> None:
    table = ARCHITECTURE.split(f"| {graph.name} | may become |")[1].split("\n\n")[0]
    drawn = {
        state: set(CODE.findall(targets))
        for state, targets in re.findall(STATE_ROW, table, re.MULTILINE)
    }
    assert drawn == {state: set(targets) for state, targets in graph.edges.items()}


def test_the_map_lists_what_is_done_again_and_again() -> None:
    table = ARCHITECTURE.split("| task | how often |")[1].split("\n\n")[0]
    assert {row[0] for row in re.findall(STATE_ROW, table, re.MULTILINE)} == set(
        app.conf.beat_schedule
    )


def test_the_map_names_the_constraint_of_the_gate() -> None:
    constraint = "clip_published_only_as_allowed"
    assert constraint in {one.name for one in Clip._meta.constraints}
    assert constraint in ARCHITECTURE


# --- the API ---


def test_the_api_page_lists_every_parameter_of_a_video() -> None:
    table = API.split("### What to ask for")[1].split("The parameters that the SDK")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line[:3] == "| `"]
    assert {name for cell in cells for name in CODE.findall(cell)} == set(
        VideoRequestSerializer().fields
    )
    refused = next(line for line in API.splitlines() if "| `unsupported_parameter` |" in line)
    assert set(CODE.findall(refused)[1:]) == set(UNSUPPORTED)


# --- all pages ---


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path) if path else page
        assert linked.exists(), target
        if anchor:
            assert anchor in _anchors(linked), target


def _anchors(page: Path) -> set[str]:
    headings = HEADING.findall(page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_in_python_and_yaml_can_be_read(page: Path) -> None:
    for language, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        if language == "python":
            ast.parse(text)
        if language == "yaml":
            yaml.safe_load(text)


def test_the_engine_in_the_example_is_one(tmp_path: Path) -> None:
    example = next(text for _, text in BLOCK.findall(OPERATIONS) if text.startswith("engines:"))
    file = tmp_path / "engines.yaml"
    file.write_text(example, encoding="utf-8")
    (engine,) = descriptions(file).values()
    assert engine.native_size is None
    assert all(side % 32 == 0 for size in engine.sizes for side in size), "Wan's patches"
    assert all(length.frames % 4 == 1 for length in engine.lengths.values()), "Wan's time"


def test_the_readme_links_every_page_of_the_documents() -> None:
    linked = set(LINK.findall((ROOT / "README.md").read_text(encoding="utf-8")))
    pages = {page.relative_to(ROOT).as_posix() for page in PAGES} - {"README.md"}
    assert pages <= linked


def test_the_changelog_has_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    heading = rf"^## \[{re.escape(settings.VERSION)}\] - \d{{4}}-\d\d-\d\d$"
    assert re.search(heading, changelog, re.MULTILINE)
    assert PYPROJECT["project"]["version"] == settings.VERSION
