"""Footage is opened in one place: anything else would read other files than the one it was given."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

SOURCES = Path(__file__).parents[3] / "src" / "cutroom"


@cache
def parsed() -> list[tuple[Path, list[ast.AST]]]:
    return [
        (path, list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))) for path in sorted(SOURCES.rglob("*.py"))
    ]


def calls(name: str) -> Iterator[tuple[str, ast.Call]]:
    """Calls of `av.{name}`, under whatever name it was imported."""
    for path, nodes in parsed():
        imported = {
            alias.asname or alias.name
            for node in nodes
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "av"
            for alias in node.names
            if alias.name == name
        }
        for node in nodes:
            if not isinstance(node, ast.Call):
                continue
            by_module = isinstance(node.func, ast.Attribute) and ast.unparse(node.func) in (
                f"av.{name}",
                f"av.container.{name}",
                f"av.container.core.{name}",
            )
            if by_module or (isinstance(node.func, ast.Name) and node.func.id in imported):
                yield path.relative_to(SOURCES).as_posix(), node


def mode_of(call: ast.Call) -> object:
    given = [*call.args[1:2], *(word.value for word in call.keywords if word.arg == "mode")]
    return given[0].value if given and isinstance(given[0], ast.Constant) else "r"


def test_only_one_function_opens_footage_to_read() -> None:
    found = list(calls("open"))
    assert len(found) >= 4
    assert {path for path, call in found if mode_of(call) != "w"} == {"media/source.py"}
    assert sum(path == "media/source.py" for path, _ in found) == 1


def test_nothing_makes_containers_past_that_function() -> None:
    for name in ("InputContainer", "Container"):
        assert list(calls(name)) == []
    for path in SOURCES.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "movie=" not in text, f"{path}: libavfilter's own reader knows no whitelist"
