"""The page at /api/docs: operations with who may use them, parameters, bodies and answers, as plain HTML."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

STYLE = """
:root { color-scheme: dark light; font: 13px/1.45 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 60rem; padding: 24px 16px; background: #161616; color: #ececec; }
h1 { font-size: 20px; } h2 { font-size: 16px; margin: 32px 0 8px; border-bottom: 1px solid #3a3a3a; }
a { color: #6cb4e6; } code, .path { font-family: ui-monospace, monospace; }
details { border: 1px solid #3a3a3a; border-radius: 6px; margin: 8px 0; background: #1c1c1c; }
summary { padding: 8px 12px; cursor: pointer; } details > div { padding: 0 12px 12px; }
.method { display: inline-block; min-width: 4.5em; font-weight: 600; color: #6cb4e6; }
.says { color: #b8b8b8; } .role { float: right; color: #929292; }
table { border-collapse: collapse; width: 100%; margin: 8px 0; }
td, th { text-align: left; vertical-align: top; padding: 4px 8px; border-top: 1px solid #3a3a3a; }
th { color: #929292; font-weight: 500; }
"""

_INTRO = """<p>Sign in with the page, or send a personal token: <code>Authorization: Bearer ctr_…</code>.
Errors are <code>{"error": {"code", "message", "hint"}}</code>. Lists answer <code>items</code> and <code>next</code>;
send <code>next</code> as <code>after</code> for the following page. Instants are microseconds since the epoch, frame
rates text such as <code>30000/1001</code>; frames count from 0, and an out frame is exclusive.
The same as data: <a href="/api/openapi.json">openapi.json</a>.</p>"""


def page(document: dict[str, Any]) -> str:
    """The whole page of an OpenAPI document."""
    groups: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            shown = _operation(method, path, operation)
            groups.setdefault(operation.get("tags", ["other"])[0], []).append(shown)
    schemas = "".join(_schema(name, schema) for name, schema in document["components"]["schemas"].items())
    info = document["info"]
    sections = "".join(f"<h2>{escape(name)}</h2>{''.join(shown)}" for name, shown in groups.items())
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Cutroom API</title>'
        '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/api/docs/style.css"></head>'
        f"<body><main><h1>{escape(info['title'])} API {escape(info['version'])}</h1>{_INTRO}{sections}"
        f"<h2>shapes</h2>{schemas}</main></body></html>"
    )


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    rows = list(_parameters(operation))
    table = f"<table><tr><th>parameter<th>in<th>type<th></tr>{''.join(rows)}</table>" if rows else ""
    body = "".join(
        f"<p>Body: <code>{escape(kind)}</code> {_type(content.get('schema', {}))}</p>"
        for kind, content in operation.get("requestBody", {}).get("content", {}).items()
    )
    answers = "".join(_answer(status, answer) for status, answer in operation["responses"].items())
    return (
        f'<details><summary><span class="method">{method.upper()}</span><span class="path">{escape(path)}</span>'
        f'<span class="role">{escape(str(operation.get("x-needs-role", "")))}</span></summary>'
        f'<div><p class="says">{escape(operation.get("description", ""))}</p>{table}{body}{answers}</div></details>'
    )


def _parameters(operation: dict[str, Any]) -> Iterator[str]:
    for parameter in operation.get("parameters", ()):
        schema = parameter.get("schema", {})
        says = [parameter.get("description", "")]
        if schema.get("default") not in (None, ""):
            says.append(f"default {schema['default']}")
        name = f"<b>{escape(parameter['name'])}</b>" if parameter.get("required") else escape(parameter["name"])
        yield (
            f"<tr><td><code>{name}</code><td>{escape(parameter['in'])}<td>{_type(schema)}"
            f"<td>{escape('; '.join(filter(None, says)))}</tr>"
        )


def _answer(status: str, answer: dict[str, Any]) -> str:
    shapes = " ".join(
        f"<code>{escape(kind)}</code> {_type(content.get('schema', {}))}"
        for kind, content in answer.get("content", {}).items()
    )
    return f"<p>{escape(status)}: {shapes or escape(answer.get('description', ''))}</p>"


def _schema(name: str, schema: dict[str, Any]) -> str:
    needed = set(schema.get("required", ()))
    rows = "".join(
        f"<tr><td><code>{escape(field)}</code><td>{_type(kind)}<td>{'' if field in needed else 'optional'}"
        f"<td>{escape(kind.get('description', ''))}</tr>"
        for field, kind in schema.get("properties", {}).items()
    )
    says = escape(schema.get("description", ""))
    return (
        f'<details id="{escape(name)}"><summary><code>{escape(name)}</code></summary>'
        f'<div><p class="says">{says}</p><table>{rows}</table></div></details>'
    )


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " | ".join(_type(each) for each in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(f"<code>{escape(str(value))}</code>" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return escape(str(schema.get("const") or schema.get("type", "anything")))
