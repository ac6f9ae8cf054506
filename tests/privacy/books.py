"""Policy books and profiles for the tests of this folder."""

from datetime import date
from pathlib import Path

from auth.model import Profile
from privacy.policybook import PolicyBook, load_policies
from schema.vocabulary import Assurance, Department, Level, Role, Source

TODAY = date(2026, 11, 22)


def write_policies(folder: Path, **texts: str) -> Path:
    """A folder of policies: the given texts by file stem (`_` for `-`), the others empty."""
    for name in ("law", *(source.value for source in Source)):
        (folder / f"{name}.cedar").write_text(texts.get(name.replace("-", "_"), "// nothing\n"), "utf-8")
    return folder


def permit(owner: str, name: str, condition: str = "", head: str = "principal, action, resource") -> str:
    """One permit in the form of an owner's file."""
    when = f" when {{ {condition} }}" if condition else ""
    return f'@id("{owner}.{name}")\n@basis("pipl art. 6")\n@from("2021-11-01")\npermit ({head}){when};\n'


def forbid(owner: str, name: str, condition: str, head: str = "principal, action, resource") -> str:
    """One forbid in the form of a policy file."""
    return permit(owner, name, condition, head).replace("permit (", "forbid (")


def allow_all(folder: Path) -> PolicyBook:
    """Every owner allows everything, and there is no law."""
    texts = {source.value.replace("-", "_"): permit(source.value, "everything") for source in Source}
    return load_policies(write_policies(folder, **texts))


def profile(
    department: Department,
    *roles: Role,
    level: Level = Level.COUNTY,
    assurance: Assurance = Assurance.SUBSTANTIAL,
) -> Profile:
    """A caller's profile; a case officer unless said otherwise."""
    return Profile(department, frozenset(roles or {Role.CASE_OFFICER}), level, "320505", assurance)
