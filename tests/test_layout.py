"""`platform/` stays a source root: the standard module of that name must always win."""

import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLATFORM = ROOT / "platform"
PACKAGES = {path.name for path in PLATFORM.iterdir() if path.is_dir()} - {"__pycache__"}


def test_platform_holds_packages_and_its_readme_only() -> None:
    assert [path.name for path in PLATFORM.iterdir() if path.is_file()] == ["README.md"]
    assert all((PLATFORM / name / "__init__.py").exists() for name in PACKAGES)


def test_no_package_is_named_like_somebody_elses() -> None:
    ours = PACKAGES | {"feed", "generation", "moderation"}
    assert not ours & set(sys.stdlib_module_names)
    assert not ours & set(packages_distributions())
    assert "media" not in ours, "commonly ignored by git"


def test_the_standard_platform_module_wins_over_the_folder() -> None:
    asked = "import platform, uuid, sys; print(platform.__file__, platform.system(), uuid.uuid4())"
    answer = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {_roots()!r}; {asked}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(ROOT) not in answer.stdout.split()[0]


def _roots() -> list[str]:
    return [str(ROOT), str(PLATFORM)]
