"""Generate TypeScript types from the wire types: `python -m alcove.api.typescript > wire.gen.ts`."""

import sys
from collections.abc import Collection, Iterator
from types import UnionType
from typing import Any, get_args

import msgspec
from msgspec import inspect

from alcove import protocol
from alcove.api.entries import Entries, NewEntry
from alcove.api.item_list import Items, Unread
from alcove.errors import Code, Reason
from alcove.storage.base import ItemSummary, UnreadCount

#: By kind of entry, the fields that not every kind has (S9), and whether each is optional.
_KINDS = {
    "message": {"body": True, "edited": True, "deleted": True},
    "edit": {"target": False, "body": True},
    "delete": {"target": False},
    "event": {"body": True},
}
_HEADER = """\
// The wire types of `alcove.v1`, generated from the server's by `make build`; do not edit.

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
"""
#: Structs that lines contain, in the order of their first use.
_IN_LINES: list[type] = [protocol.Person, protocol.You, protocol.Limits]
#: Structs of the HTTP API.
_HTTP: list[type] = [NewEntry, Entries, ItemSummary, Items, UnreadCount, Unread]
#: The TypeScript type of each Python type without parts.
_PRIMITIVES: dict[type[inspect.Type], str] = {
    inspect.RawType: "Json",
    inspect.StrType: "string",
    inspect.IntType: "number",
    inspect.FloatType: "number",
    inspect.BoolType: "boolean",
    inspect.NoneType: "null",
}


def document() -> str:
    """Generate the content of the TypeScript file."""
    return "\n".join(_parts())


def _parts() -> Iterator[str]:
    """Yield the header, and each declaration in the order of the file."""
    yield _HEADER
    yield f"export const SUBPROTOCOL = {_quote(protocol.SUBPROTOCOL)};\n"
    yield _union("Right", [_quote(right) for right in get_args(protocol.Right)], "What a member may do.")
    yield _union("Code", [_quote(code) for code in Code], "The `code` of an error; a newer server may send others.")
    reasons = [_quote(reason) for reason in Reason]
    yield _union("Reason", reasons, "Why a credential is refused; a newer server may send others.")
    for type_ in _IN_LINES:
        yield _struct(type_)
    yield from _lines("Command", protocol.Command, "What a client sends.")
    yield from _lines("ServerLine", protocol.ServerLine, "What a server sends.")
    room_lines = {*get_args(protocol.Command), *get_args(protocol.ServerLine)}
    yield from _lines("ListCommand", protocol.ListCommand, "What a client sends on the list of rooms.", room_lines)
    yield from _lines("ListLine", protocol.ListLine, "What a server sends on the list of rooms.", room_lines)
    for type_ in _HTTP:
        yield _struct(type_)


def _lines(name: str, union: UnionType, doc: str, defined: Collection[type] = ()) -> Iterator[str]:
    """Yield the declarations of the lines that one side sends, and of their union.

    Args:
        name: The name of the union.
        union: The union of line types in Python.
        doc: The comment above the union.
        defined: Line types that the file already declares.

    """
    for type_ in get_args(union):
        if type_ in defined:
            continue
        yield from _entry() if type_ is protocol.Entry else [_struct(type_)]
    yield _union(name, [type_.__name__ for type_ in get_args(union)], doc)


def _entry() -> Iterator[str]:
    """Yield a type for each kind of entry, and their union, which `kind` discriminates."""
    fields = {field.encode_name: field for field in _fields(protocol.Entry)}
    # Fields that not every kind has.
    special = {name for kind_fields in _KINDS.values() for name in kind_fields}
    for kind, kind_fields in _KINDS.items():
        members = ['  readonly type: "entry";']
        for name, field in fields.items():
            if name == "kind":
                members.append(f"  readonly kind: {_quote(kind)};")
            elif name not in special:
                members.append(_member(field))
            elif name in kind_fields:
                members.append(f"  readonly {name}{'?' if kind_fields[name] else ''}: {_type_text(field.type)};")
        yield _object(f"{kind.capitalize()}Entry", members, f"An entry of kind `{kind}`.")
    yield _union("Entry", [f"{kind.capitalize()}Entry" for kind in _KINDS], "One entry of the log.")


def _struct(type_: type) -> str:
    """Declare a struct as an object type; the first line of its docstring becomes the comment."""
    info = inspect.type_info(type_)
    if not isinstance(info, inspect.StructType):
        raise TypeError(f"expected a struct, got {type_!r}")
    members = [_member(field) for field in info.fields]
    if info.tag_field is not None:
        members.insert(0, f"  readonly {info.tag_field}: {_quote(str(info.tag))};")
    return _object(type_.__name__, members, (type_.__doc__ or "").partition("\n")[0])


def _object(name: str, members: list[str], doc: str) -> str:
    """Format the declaration of an object type."""
    return "\n".join([f"/** {doc} */", f"export type {name} = {{", *members, "};", ""])


def _union(name: str, members: list[str], doc: str) -> str:
    """Format the declaration of a union type."""
    rows = "".join(f"\n  | {member}" for member in members)
    return f"/** {doc} */\nexport type {name} ={rows};\n"


def _member(field: inspect.Field) -> str:
    """Format one property of an object type; `?` marks it as optional."""
    return f"  readonly {field.encode_name}{'' if field.required else '?'}: {_type_text(field.type)};"


def _fields(type_: type[Any]) -> tuple[inspect.Field, ...]:
    """Return the fields of a struct type; none for other types."""
    info = inspect.type_info(type_)
    return info.fields if isinstance(info, inspect.StructType) else ()


def _type_text(type_: inspect.Type) -> str:
    """Convert a type to TypeScript.

    Raises:
        TypeError: The generator does not know this kind of type, because no wire type used it before.

    """
    match type_:
        case inspect.StructType():
            return type_.cls.__name__
        case inspect.UnionType():
            return " | ".join(_type_text(member) for member in type_.types)
        case inspect.LiteralType():
            return "Right" if set(type_.values) == set(get_args(protocol.Right)) else _quote_all(type_.values)
        case inspect.ListType():
            return f"readonly {_type_text(type_.item_type)}[]"
        case inspect.DictType():
            return f"Readonly<Record<{_type_text(type_.key_type)}, {_type_text(type_.value_type)}>>"
    if type(type_) not in _PRIMITIVES:
        raise TypeError(f"no TypeScript for {type_!r}")
    return _PRIMITIVES[type(type_)]


def _quote(text: str) -> str:
    """Format a text as a string literal."""
    return msgspec.json.encode(text).decode()


def _quote_all(values: tuple[Any, ...]) -> str:
    """Format the values as a union of string literals."""
    return " | ".join(_quote(str(value)) for value in values)


if __name__ == "__main__":
    sys.stdout.write(document())
