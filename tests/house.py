"""The packages as text: modules, what each imports, exports and defines. Nothing is executed."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PACKAGES", "ROOT", "Import", "Module", "find_cycle", "parse_module", "read_modules"]

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("schema", "auth", "privacy", "connectors", "hub")


@dataclass(frozen=True, slots=True)
class Import:
    """One imported name: the module it comes from, or the module alone. `typing_only`: under TYPE_CHECKING."""

    module: str
    name: str | None
    line: int
    typing_only: bool


@dataclass(frozen=True, slots=True)
class Module:
    """One file, by its dotted name."""

    name: str
    path: Path
    tree: ast.Module
    lines: int
    imports: tuple[Import, ...]
    exports: frozenset[str] | None

    @property
    def package(self) -> str:
        """The first part of the name."""
        return self.name.partition(".")[0]

    @property
    def marker(self) -> bool:
        """Whether it only makes its folder a package: nothing but a docstring stands in it."""
        return len(self.tree.body) == (ast.get_docstring(self.tree) is not None)

    @property
    def importable(self) -> bool:
        """Whether a statement can import it; revision scripts of the database begin with a number."""
        return all(part.isidentifier() for part in self.name.split("."))

    def functions(self) -> Iterator[tuple[str, int, int]]:
        """Every function: name, first line, number of lines."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node.name, node.lineno, (node.end_lineno or node.lineno) - node.lineno + 1


def read_modules(folders: Sequence[str] = PACKAGES, root: Path = ROOT) -> Mapping[str, Module]:
    """Every Python file of these folders, by dotted name."""
    found = {}
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found[name] = parse_module(name, path, path.read_text(encoding="utf-8"))
    return found


def parse_module(name: str, path: Path, source: str) -> Module:
    """One module from its text."""
    tree = ast.parse(source, str(path))
    reader = _ImportReader(name if path.name == "__init__.py" else name.rpartition(".")[0])
    reader.visit(tree)
    return Module(name, path, tree, len(source.splitlines()), tuple(reader.found), _exports(tree))


class _ImportReader(ast.NodeVisitor):
    def __init__(self, package: str) -> None:
        self._package = package
        self._typing_only = False
        self.found: list[Import] = []

    def visit_If(self, node: ast.If) -> None:
        outside = self._typing_only
        self._typing_only = outside or ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
        for child in node.body:
            self.visit(child)
        self._typing_only = outside
        for child in node.orelse:
            self.visit(child)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._add(alias.name, None, node.lineno)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        if node.level:
            base = self._package.split(".")[: len(self._package.split(".")) - node.level + 1]
            module = ".".join([*base, module] if module else base)
        for alias in node.names:
            self._add(module, alias.name, node.lineno)

    def visit_Call(self, node: ast.Call) -> None:
        if ast.unparse(node.func) in ("import_module", "importlib.import_module", "__import__"):
            named = node.args[0] if node.args else None
            if isinstance(named, ast.Constant) and isinstance(named.value, str):
                self._add(named.value, None, node.lineno)
        self.generic_visit(node)

    def _add(self, module: str, name: str | None, line: int) -> None:
        self.found.append(Import(module, name, line, self._typing_only))


def _exports(tree: ast.Module) -> frozenset[str] | None:
    found: frozenset[str] | None = None
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name) and target.id == "__all__":
            value = getattr(node, "value", None)
            names = ast.literal_eval(value) if value is not None else []
            found = (found or frozenset()) | frozenset(names)
    return found


def find_cycle(edges: Mapping[str, Sequence[str]]) -> list[str]:
    """The first cycle found, as `[a, b, a]`, or nothing."""
    done: set[str] = set()
    for start in edges:
        cycle = _walk(start, edges, done, [])
        if cycle:
            return cycle
    return []


def _walk(name: str, edges: Mapping[str, Sequence[str]], done: set[str], trail: list[str]) -> list[str]:
    if name in trail:
        return [*trail[trail.index(name) :], name]
    if name in done:
        return []
    for other in edges.get(name, ()):
        cycle = _walk(other, edges, done, [*trail, name])
        if cycle:
            return cycle
    done.add(name)
    return []
