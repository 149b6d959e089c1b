"""One running installation for the tests of a module."""

from collections.abc import Iterator

import pytest

from common.embedded.folders import private_folder
from tests.operations.harness import Reverie, running_up


@pytest.fixture(scope="module")
def reverie_environ() -> dict[str, str]:
    """Settings of `running_reverie`; a module may ask for others by overriding this."""
    return {}


@pytest.fixture(scope="module")
def running_reverie(
    tmp_path_factory: pytest.TempPathFactory, reverie_environ: dict[str, str]
) -> Iterator[Reverie]:
    """One installation for all tests of a module."""
    data = private_folder(tmp_path_factory.mktemp("reverie") / "data")
    with running_up(data, extra=reverie_environ) as reverie:
        yield reverie
