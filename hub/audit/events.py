"""The catalogue of events: every kind of record there is, what it means, and which details it may carry.

Every record has the fields of `hub.audit.model.Record`; `details` lists the keys its `detail` may hold. Details are
counts, versions, ids of keys, rules and agreements: never a value, never a person. `docs/audit-events.md` is this
table, kept equal by a test.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hub.audit.model import Record
from schema.errors import InternalError

__all__ = ["EVENTS", "Event", "EventKind", "check_event"]


class Event(StrEnum):
    """Names of events, as `Record.event` carries them."""

    LOOK_UP = "look-up"
    CHECK = "check"
    BATCH = "batch"
    PAGE = "page"
    DENIAL = "denial"
    PREFLIGHT = "preflight"
    STATISTICS = "statistics"
    EXPORT_PAGE = "export-page"
    SUBJECT_VIEW = "subject-view"
    AUDIT_VIEW = "audit-view"
    AUDIT_EXPORT = "audit-export"
    AGREEMENT_CHANGE = "agreement-change"
    POLICY_CHANGE = "policy-change"
    CONFIGURATION_CHANGE = "configuration-change"
    CONSENT = "consent"
    PROTECTION = "protection"
    PERSON_PRESENT = "person-present"
    BREAK_GLASS = "break-glass"
    BREAK_GLASS_REVIEW = "break-glass-review"
    LINKAGE = "linkage"
    LINK = "link"
    MERGE = "merge"
    SPLIT = "split"
    KEY_CREATION = "key-creation"
    KEY_ROTATION = "key-rotation"
    KEY_BACKUP = "key-backup"
    BLIND_INDEX_USE = "blind-index-use"
    START = "start"
    STOP = "stop"
    OPERATOR_COMMAND = "operator-command"
    ERASURE = "erasure"


@dataclass(frozen=True, slots=True)
class EventKind:
    """One kind of event: what happened, in both languages, and the keys its details may hold."""

    english: str
    chinese: str
    details: tuple[str, ...] = ()


EVENTS: Final[Mapping[Event, EventKind]] = {
    Event.LOOK_UP: EventKind("one person was looked up", "查询一名人员", ("lookup",)),
    Event.CHECK: EventKind("checks were answered about one person", "核验一名人员", ("checks",)),
    Event.BATCH: EventKind("several persons of one's own cases were looked up", "批量查询本单位办件人员", ("checks",)),
    Event.PAGE: EventKind("a page of a listing was answered", "返回一页名单", ("first",)),
    Event.DENIAL: EventKind(
        "requests of one client were refused; folded by code and minute",
        "拒绝某客户端的请求(按代码和分钟合并)",
        ("code", "count"),
    ),
    Event.PREFLIGHT: EventKind("a caller asked what a document would be allowed", "预检查询权限", ("operations",)),
    Event.STATISTICS: EventKind("suppressed counts were answered", "返回经抑制处理的统计", ("cells", "suppressed")),
    Event.EXPORT_PAGE: EventKind("a chunk of an exchange was written", "写出一批交换数据", ("chunk", "run")),
    Event.SUBJECT_VIEW: EventKind(
        "a person's own data or the list of who looked was shown", "查看本人数据或被查询记录", ("accesses", "view")
    ),
    Event.AUDIT_VIEW: EventKind("records of this log were read", "查看审计记录", ("records", "view")),
    Event.AUDIT_EXPORT: EventKind("this log was exported", "导出审计日志", ("payloads",)),
    Event.AGREEMENT_CHANGE: EventKind(
        "an agreement was added, approved or withdrawn", "共享授权新增、批准或撤回", ("change", "version")
    ),
    Event.POLICY_CHANGE: EventKind("policies or purposes changed", "规则或用途变更", ("from", "to")),
    Event.CONFIGURATION_CHANGE: EventKind("settings or mappings changed", "配置或映射变更", ("from", "setting", "to")),
    Event.CONSENT: EventKind("a person's consent was recorded or withdrawn", "登记或撤回本人同意", ("change", "scope")),
    Event.PROTECTION: EventKind("protection of a person was set or lifted", "设置或解除人员保护", ("change",)),
    Event.PERSON_PRESENT: EventKind("a person-present code was used", "使用本人到场码", ("code",)),
    Event.BREAK_GLASS: EventKind("emergency access was opened", "启用紧急访问", ("reason", "until")),
    Event.BREAK_GLASS_REVIEW: EventKind("emergency access was reviewed", "复核紧急访问", ("outcome", "reviewed")),
    Event.LINKAGE: EventKind(
        "a batch of identity columns was read to link records",
        "为数据关联读取一批身份字段",
        ("batch", "linked", "rows", "run", "source", "unlinked"),
    ),
    Event.LINK: EventKind("a person's records were linked", "关联人员记录", ("rule", "source")),
    Event.MERGE: EventKind("two persons turned out to be one", "合并人员", ("rule",)),
    Event.SPLIT: EventKind("one person turned out to be two", "拆分人员", ("rule",)),
    Event.KEY_CREATION: EventKind("keys were created", "创建密钥", ("key", "suite", "version")),
    Event.KEY_ROTATION: EventKind("a key was rotated or retired", "轮换或停用密钥", ("key", "suite", "version")),
    Event.KEY_BACKUP: EventKind("the keys were backed up or restored", "备份或恢复密钥", ("change", "keys")),
    Event.BLIND_INDEX_USE: EventKind("the blind index was used outside a look-up", "查询之外使用盲索引", ("digests",)),
    Event.START: EventKind("the hub started", "枢纽启动", ("configuration", "mode", "schema", "version")),
    Event.STOP: EventKind("the hub stopped", "枢纽停止", ("reason",)),
    Event.OPERATOR_COMMAND: EventKind("an operator ran a command", "操作员执行命令", ("command", "outcome")),
    Event.ERASURE: EventKind(
        "payloads were erased; their commitments stay", "清除记录内容(承诺保留)", ("first", "last", "reason", "shard")
    ),
}


def check_event(record: Record) -> None:
    """Raise InternalError when the record's event or one of its details is not in the catalogue."""
    try:
        kind = EVENTS[Event(record.event)]
    except ValueError:
        raise InternalError("an audit event is not in the catalogue") from None
    unknown = record.detail.keys() - set(kind.details)
    if unknown:
        raise InternalError(f"audit event `{record.event}` has no detail `{min(unknown)}`")
