"""The committed OpenAPI schema is the one the routes make."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command

COMMITTED = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("schema") / "openapi.yaml"
    call_command("spectacular", file=str(path), validate=True, fail_on_warn=True)
    return path.read_text(encoding="utf-8")


def test_the_committed_schema_is_up_to_date(generated: str) -> None:
    assert COMMITTED.read_text(encoding="utf-8") == generated, (
        "Run: python manage.py spectacular --file docs/openapi.yaml --validate --fail-on-warn"
    )


def test_every_operation_says_what_its_refusals_look_like(generated: str) -> None:
    schema: dict[str, Any] = yaml.safe_load(generated)
    assert schema["openapi"].startswith("3.1")
    operations = [
        (route, operation)
        for route, methods in schema["paths"].items()
        for operation in methods.values()
    ]
    for route, operation in operations:
        content = operation["responses"]["default"]["content"]
        expected = "application/json" if route.startswith("/v1/") else "application/problem+json"
        assert list(content) == [expected]
    assert len({operation["operationId"] for _, operation in operations}) == len(operations)
