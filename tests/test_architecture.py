"""The house rules, kept by tests. Every guard has been seen to bite: a planted bad example stands beside it."""

import ast
import inspect
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import inspect as inspect_mapper

from triage import db, web
from triage.domain import access
from triage.models import Base

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "triage"
FUNCTION_LIMIT, VIEW_LIMIT, FILE_LIMIT, PARTIAL_LIMIT = 30, 20, 250, 40


def python_files(root: Path = PACKAGE) -> list[Path]:
    return [path for path in sorted(root.rglob("*.py")) if "migrations/versions" not in path.as_posix()]


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            yield node


def too_long(path: Path) -> list[str]:
    limit = VIEW_LIMIT if path.parent.name == "blueprints" else FUNCTION_LIMIT
    found = [
        f"{path.name}:{f.name} {length} lines"
        for f in functions(path)
        if (length := (f.end_lineno or 0) - f.lineno + 1) > limit
    ]
    lines = len(path.read_text(encoding="utf-8").splitlines())
    return [*found, *([f"{path.name}: {lines} lines"] if lines > FILE_LIMIT else [])]


def test_functions_and_files_stay_small() -> None:
    assert [text for path in python_files() for text in too_long(path)] == []


def test_the_size_guard_bites(tmp_path: Path) -> None:
    (tmp_path / "long.py").write_text("def f():\n" + "    x = 1\n" * 31)
    assert too_long(tmp_path / "long.py") == ["long.py:f 32 lines"]


def test_template_partials_stay_small() -> None:
    partials = [p for p in (PACKAGE / "templates").rglob("_*.html") if p.name != "_macros.html"]
    assert [f"{p.name}: {n}" for p in partials if (n := len(p.read_text().splitlines())) > PARTIAL_LIMIT] == []


def test_no_endpoint_is_open_by_omission(app: Flask) -> None:
    declared = {name: view.permission for name, view in app.view_functions.items()}
    assert set(declared.values()) <= access.PERMISSIONS | access.DEVICE_PERMISSIONS | {access.PUBLIC, access.SIGNED_IN}


def test_an_endpoint_without_a_permission_keeps_the_application_from_starting(app: Flask) -> None:
    app.view_functions["planted.bad"] = lambda: "open to all"
    with pytest.raises(RuntimeError, match=r"planted\.bad"):
        web.guard(app)


def test_every_granted_permission_is_asked_for_somewhere(app: Flask) -> None:
    source = "".join(path.read_text() for path in python_files() if path.name != "access.py")
    unused = {name for name in access.PERMISSIONS | access.DEVICE_PERMISSIONS if f'"{name}"' not in source}
    assert unused == set()


def commits_outside_db(files: list[Path]) -> list[str]:
    return [p.name for p in files if p != PACKAGE / "db.py" and "session.commit(" in p.read_text(encoding="utf-8")]


def test_only_the_write_transaction_commits(tmp_path: Path) -> None:
    assert commits_outside_db(python_files()) == []
    bad = tmp_path / "bad.py"
    bad.write_text("session.commit()")
    assert commits_outside_db([bad]) == ["bad.py"]


def verbs_without_actor(files: list[Path]) -> list[str]:
    return [
        f"{path.name}:{function.name}"
        for path in files
        for function in functions(path)
        if any(isinstance(d, ast.Name) and d.id == "verb" for d in function.decorator_list)
        and (not function.args.args or function.args.args[0].arg != "actor")
    ]


def test_every_use_case_is_given_its_actor_first(tmp_path: Path) -> None:
    assert verbs_without_actor(python_files(PACKAGE / "services")) == []
    bad = tmp_path / "bad.py"
    bad.write_text("@verb\ndef close(case): ...")
    assert verbs_without_actor([bad]) == ["bad.py:close"]


def test_a_use_case_cannot_hide_a_second_commit_inside_itself() -> None:
    @db.verb
    def inner(actor: object) -> None: ...

    @db.verb
    def outer(actor: object) -> None:
        inner(actor)

    with pytest.raises(RuntimeError, match="commits once"):
        outer(None)


def lazy_relationships(base: type) -> list[str]:
    return [
        f"{mapper.class_.__name__}.{name}"
        for mapper in base.registry.mappers
        for name, relationship in inspect_mapper(mapper.class_).relationships.items()
        if relationship.lazy != "raise"
    ]


def test_a_template_cannot_start_a_query() -> None:
    assert lazy_relationships(Base) == []


def test_the_guard_against_lazy_queries_bites() -> None:
    from sqlalchemy import ForeignKey
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

    class Planted(DeclarativeBase): ...

    class Parent(Planted):
        __tablename__ = "parent"
        id: Mapped[int] = mapped_column(primary_key=True)

    class Child(Planted):
        __tablename__ = "child"
        id: Mapped[int] = mapped_column(primary_key=True)
        parent_id: Mapped[int] = mapped_column(ForeignKey("parent.id"))
        parent: Mapped[Parent] = relationship()

    assert lazy_relationships(Planted) == ["Child.parent"]


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env={"PYTHONPATH": "."})


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("domain/people.py", "import sqlalchemy"),
        ("domain/people.py", "from triage import db"),
        ("services/board.py", "import flask"),
        ("worklist/find.py", "import flask"),
        ("services/worklist.py", "from triage.worklist import find"),
        ("models/audit.py", "from triage.services import audit"),
        ("forms/accounts.py", "from triage.services import accounts"),
    ],
)
def test_an_import_against_the_flow_is_refused(tmp_path: Path, file: str, line: str) -> None:
    shutil.copytree(PACKAGE, tmp_path / "triage", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    planted = tmp_path / "triage" / file
    planted.write_text(f"{line}\n{planted.read_text(encoding='utf-8')}", encoding="utf-8")
    assert lint_imports(tmp_path).returncode != 0


def test_the_imports_flow_one_way() -> None:
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


def test_raw_sql_text_is_refused_outside_migrations(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text('"""Bad."""\n\nfrom sqlalchemy import text\n\nQUERY = text("DELETE FROM patient")\n')
    command = [sys.executable, "-m", "ruff", "check", "--config", str(ROOT / "pyproject.toml"), str(bad)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "TID251" in result.stdout


def test_every_public_function_says_what_it_does() -> None:
    silent = [
        f"{path.relative_to(ROOT)}:{f.name}"
        for path in python_files()
        for f in functions(path)
        if not f.name.startswith("_") and f.col_offset == 0 and not ast.get_docstring(f)
    ]
    assert silent == []


def test_a_view_is_short_and_has_one_permission(app: Flask) -> None:
    for name, view in app.view_functions.items():
        if name in {"static"}:
            continue
        lines = len(inspect.getsource(view).splitlines())
        assert lines <= VIEW_LIMIT + 3, f"{name}: {lines} lines with its decorators"
