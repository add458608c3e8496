"""The published JSON Schema is the one the Structs give."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner

from cutroom.cli.main import make_app
from cutroom.inspection.report import json_schema

PUBLISHED = Path(__file__).parents[3] / "docs" / "reference" / "inspect.schema.json"


def test_the_published_schema_is_current():
    text = json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
    assert PUBLISHED.read_text() == text, (
        "Run: python -m cutroom.inspection.report > docs/reference/inspect.schema.json"
    )


def test_a_line_has_every_promised_field():
    properties = json_schema()["$defs"]["FileReport"]["properties"]
    promised = {"path", "status", "mode", "confidence", "duration_seconds", "seconds_spent", "findings"}
    assert promised <= properties.keys()


@pytest.mark.parametrize("format", ["json", "jsonl"])
def test_real_output_is_what_the_schema_says(tmp_path, healthy, damaged, format):
    (tmp_path / "odd\nname.mp4").write_bytes(healthy("x264-mp4").read_bytes())
    assert damaged("x264-mkv", "zero-4k", 1) is not None
    arguments = ["inspect", str(tmp_path), "--format", format, "--no-database", "--jobs", "1"]
    answer = CliRunner().invoke(make_app(arguments), arguments)
    if format == "json":
        documents = [json.loads(answer.stdout)]
        files = documents[0]["files"]
    else:
        documents = files = [json.loads(line) for line in answer.stdout.splitlines()]
    name = "Report" if format == "json" else "FileReport"
    schema = {"$ref": f"#/$defs/{name}", "$defs": json.loads(PUBLISHED.read_text())["$defs"]}
    assert {file["status"] for file in files} == {"healthy", "corrupt"}
    for document in documents:
        jsonschema.Draft202012Validator(schema).validate(document)
