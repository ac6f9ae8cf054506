"""The root of the API.

Planned fields are answered by the plan engine; their resolvers here serve only executors that are given a context
with `planned(name, **arguments)` (the reference executor of the tests). Local fields delegate to
`context.local(name, **arguments)`.
"""

from functools import lru_cache

import strawberry
from strawberry.schema.config import StrawberryConfig

from schema import codes
from schema.fields import root
from schema.migrant import Migrant
from schema.scalars import SCALARS
from schema.vocabulary import RootKind

__all__ = ["MigrantConnection", "MigrantEdge", "PageInfo", "Preflight", "PreflightField", "Query", "build_schema"]


@strawberry.type(description="Relay page information. 分页信息")
class PageInfo:
    """https://relay.dev/graphql/connections.htm"""

    has_next_page: bool = strawberry.field(description="More may follow. 是否有下一页")
    end_cursor: str | None = strawberry.field(default=None, description="Pass as `after`. 游标")


@strawberry.type(description="One migrant of a page. 列表项")
class MigrantEdge:
    """https://relay.dev/graphql/connections.htm"""

    cursor: str = strawberry.field(description="Cursor of this edge. 游标")
    node: Migrant = strawberry.field(description="The migrant. 人员")


@strawberry.type(description="A page of migrants, ordered by the recipient's sector id. 列表")
class MigrantConnection:
    """https://relay.dev/graphql/connections.htm; pages may be shorter than asked."""

    edges: list[MigrantEdge] = strawberry.field(description="Edges. 列表项")
    nodes: list[Migrant] = strawberry.field(description="The edges' nodes. 人员")
    page_info: PageInfo = strawberry.field(description="Page information. 分页信息")


@strawberry.type(description="What would become of one path of a document. 单个字段的预判")
class PreflightField:
    """`decision` is the highest any subject could get; `policies` are the ids of the rules behind it."""

    path: str = strawberry.field(description="Path in the answer, without list indexes. 路径")
    field: str = strawberry.field(description="Schema coordinate. 字段")
    decision: str = strawberry.field(description="READ, MASK, VERIFY or WITHHOLD. 决定")
    marker: str | None = strawberry.field(default=None, description="WITHHELD, CONDITIONAL or none. 标记")
    policies: list[str] = strawberry.field(description="Ids of the rules behind the decision. 规则")


@strawberry.type(description="What a document would get under a purpose, without asking any department. 预判")
class Preflight:
    """`refused` is the error code that the whole document would get, or null."""

    refused: str | None = strawberry.field(default=None, description="Error code of a refusal. 拒绝代码")
    fields: list[PreflightField] = strawberry.field(description="Each leaf of the document. 各字段")
    sources: list[str] = strawberry.field(description="Departments that would be asked. 将查询的部门")


@strawberry.type(description="The root of every query. 查询")
class Query:
    """The fields of DESIGN section 4 that stand today."""

    @root(RootKind.PLANNED, "A migrant by the id your department knows. 按部门标识查询")
    def migrant(self, info: strawberry.Info, id: strawberry.ID) -> Migrant | None:
        """A migrant by sector id."""
        return info.context.planned("migrant", id=id)  # type: ignore[no-any-return]

    @root(RootKind.PLANNED, "A migrant by identity document and name; both must match. 按证件与姓名查询")
    def lookup(
        self, info: strawberry.Info, document_kind: codes.DocumentKind, number: str, name: str
    ) -> Migrant | None:
        """A migrant by document."""
        return info.context.planned(  # type: ignore[no-any-return]
            "lookup", documentKind=document_kind, number=number, name=name
        )

    @root(RootKind.PLANNED, "Migrants living in a division; a listing: needs an agreement. 区划内人员列表")
    def migrants(
        self, info: strawberry.Info, division: str, first: int = 50, after: str | None = None
    ) -> MigrantConnection | None:
        """A page of migrants."""
        return info.context.planned(  # type: ignore[no-any-return]
            "migrants", division=division, first=first, after=after
        )

    @root(RootKind.PLANNED, "What is held about the person who asks. 本人信息")
    def me(self, info: strawberry.Info) -> Migrant | None:
        """The person's own record; bound by the token."""
        return info.context.planned("me")  # type: ignore[no-any-return]

    @root(RootKind.LOCAL, "What a document would get under a purpose. 预判")
    def preflight(self, info: strawberry.Info, document: str, purpose: str) -> Preflight | None:
        """Predict without fetching."""
        return info.context.local("preflight", document=document, purpose=purpose)  # type: ignore[no-any-return]


@lru_cache(maxsize=1)
def build_schema() -> strawberry.Schema:
    """The one schema: source of SDL, introspection, documentation and the plan engine."""
    config = StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True)
    return strawberry.Schema(query=Query, config=config)
