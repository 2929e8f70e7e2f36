"""Every address of the API with what schemathesis makes of its description: no 5xx, and answers that are as described.

Few examples of each address here, many by `make nightly`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from likewise.service.keys import add_key

CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance]
NIGHTLY = settings().max_examples > 100
EXAMPLES = 200 if NIGHTLY else 6

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@schemathesis.serializer("application/x-ndjson", "application/octet-stream")
def raw(_: Any, value: Any) -> bytes:
    """Lines and files are sent as they are drawn."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


def test_every_address(serve: Callable[..., Any], own_index: Path, tmp_path: Path) -> None:
    """With examples that fit the description and examples that do not; what fails is listed by its address."""
    keys, data = tmp_path / "keys", tmp_path / "data"
    data.mkdir()
    key, failed = add_key(keys, "test", "write"), []
    settings_of_server = {"index": str(own_index), "api_key_file": str(keys), "data_folder": str(data)}
    with serve(**settings_of_server, max_text=5_000, max_batch=50) as address:
        description = schemathesis.openapi.from_url(f"{address}/openapi.json")
        description.config.update(headers={"Authorization": f"Bearer {key}"})
        operations = [each.ok() for each in description.get_all_operations()]
        for operation in operations:
            failed += failures(operation)
    assert len(operations) > 10
    assert not failed, "\n".join(failed)


def failures(operation: Any) -> list[str]:
    """What fails of one address."""
    failed = []
    for mode in GenerationMode:

        @given(operation.as_strategy(generation_mode=mode))
        @settings(max_examples=EXAMPLES, deadline=None, derandomize=not NIGHTLY, suppress_health_check=[*HealthCheck])
        def check(case: Any) -> None:
            case.call_and_validate(checks=CHECKS, timeout=60)

        try:
            check()
        except Unsatisfiable:  # nothing can fail to fit an address without parameters
            continue
        except (Exception, BaseExceptionGroup) as found:
            each = getattr(found, "exceptions", [found])
            failed += [f"{operation.label}: {' '.join(str(one).split())[:600]}" for one in each]
    return failed
