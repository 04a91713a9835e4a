"""Index the readers of the list of rooms by the items they may read, to find them without a scan. No I/O."""

from collections import Counter
from collections.abc import Collection, Sequence

from alcove.item_ranges import Range, is_single
from alcove.rooms.list_reader import ListReader

#: An ordered set of readers.
_Readers = dict[ListReader, None]


class ListIndex:
    """An index from items and prefixes of items to the readers that may read them.

    A lookup takes one dictionary access per distinct prefix length, whatever the number of readers.
    """

    def __init__(self) -> None:
        #: Readers that may read a single item, by item.
        self._by_item: dict[str, _Readers] = {}
        #: Readers that may read a range of items, by the common prefix of the range.
        self._by_prefix: dict[str, _Readers] = {}
        #: How many prefixes in `_by_prefix` have each length.
        self._lengths = Counter[int]()
        self._by_member: dict[str, _Readers] = {}
        #: The single items and the prefixes under which each reader is indexed.
        self._keys: dict[ListReader, tuple[Sequence[str], Collection[str]]] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, reader: ListReader) -> bool:
        return reader in self._keys

    def __repr__(self) -> str:
        return f"<ListIndex readers={len(self)} items={len(self._by_item)} prefixes={len(self._by_prefix)}>"

    def readers(self) -> list[ListReader]:
        """Return all readers."""
        return list(self._keys)

    def add(self, reader: ListReader, ranges: Sequence[Range]) -> None:
        """Index the reader under these ranges of items; replace its ranges if it is present."""
        self.remove(reader)
        items = [item_range[0] for item_range in ranges if is_single(item_range)]
        prefixes = {_common_prefix(*item_range) for item_range in ranges if not is_single(item_range)}
        self._keys[reader] = items, prefixes
        for item in items:
            self._by_item.setdefault(item, {})[reader] = None
        for prefix in prefixes:
            if prefix not in self._by_prefix:
                self._lengths[len(prefix)] += 1
            self._by_prefix.setdefault(prefix, {})[reader] = None
        self._by_member.setdefault(reader.member, {})[reader] = None

    def remove(self, reader: ListReader) -> None:
        """Remove the reader; do nothing if it is not in the index."""
        if reader not in self._keys:
            return
        items, prefixes = self._keys.pop(reader)
        for item in items:
            _discard(self._by_item, item, reader)
        for prefix in prefixes:
            if _discard(self._by_prefix, prefix, reader):
                self._lengths[len(prefix)] -= 1
                if not self._lengths[len(prefix)]:
                    del self._lengths[len(prefix)]
        _discard(self._by_member, reader.member, reader)

    def candidates(self, item: str) -> Collection[ListReader]:
        """Return all readers that may read the item, and perhaps others: `ListReader.add_change` checks the ranges."""
        groups = [self._by_item.get(item), *(self._by_prefix.get(item[:length]) for length in self._lengths)]
        nonempty = [group for group in groups if group]
        if len(nonempty) <= 1:
            return list(nonempty[0]) if nonempty else ()
        return {reader: None for group in nonempty for reader in group}

    def readers_of_member(self, member: str) -> Collection[ListReader]:
        """Return all readers of the member."""
        return list(self._by_member.get(member, ()))


def _discard(groups: dict[str, _Readers], key: str, reader: ListReader) -> bool:
    """Remove the reader from the group of a key; return whether the group became empty and was removed."""
    group = groups[key]
    del group[reader]
    if not group:
        del groups[key]
    return not group


def _common_prefix(first: str, end: str) -> str:
    """Return the common prefix of a range's bounds, with which every id in the range begins."""
    length = next((index for index, (a, b) in enumerate(zip(first, end, strict=False)) if a != b), len(first))
    return first[:length]
