"""Reads header blocks (HPACK, RFC 7541): indexed fields, literals, the dynamic table.

Fields are objects, made once by the caller's `make` and then kept: in the static and the dynamic table, and, for
literals that are not to be indexed, in a small memory. So clients that repeat themselves are recognised by the identity
of fields, without a look at their text, and what `make` finds out about a field is found out once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NoReturn, Protocol, TypeVar

from steersman.lib.http.http2.frames import ConnectionFault, ErrorCode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

TABLE_BYTES = 4096
"""The size of the dynamic table that peers may use; the protocol's default, so there is no setting to wait for."""
FIELD_OVERHEAD_BYTES = 32
"""What a field counts beyond its name and value (RFC 7541 section 4.1)."""
_MEMORY_FIELDS_MAX = 64
_MEMORY_BYTES_MAX = 65_536
_MEMORY_LITERAL_MAX_BYTES = 8192
_PATHS_MAX = 4096
_PATH_MAX_BYTES = 512
_STRETCH_BYTES = 4096
"""How much of a block is read between two looks at the size of the list."""
_EXCESS_BYTES_MAX = 65536

# Appendix A, without the values that few names have.
_STATIC_NAMES = """
:authority :method :method :path :path :scheme :scheme :status :status :status :status :status :status :status
accept-charset accept-encoding accept-language accept-ranges accept access-control-allow-origin age allow
authorization cache-control content-disposition content-encoding content-language content-length
content-location content-range content-type cookie date etag expect expires from host if-match if-modified-since
if-none-match if-range if-unmodified-since last-modified link location max-forwards proxy-authenticate
proxy-authorization range referer refresh retry-after server set-cookie strict-transport-security
transfer-encoding user-agent vary via www-authenticate
""".split()  # noqa: SIM905  # a paragraph of words reads better than sixty lines
_STATIC_VALUES = {
    2: "GET",
    3: "POST",
    4: "/",
    5: "/index.html",
    6: "http",
    7: "https",
    8: "200",
    9: "204",
    10: "206",
    11: "304",
    12: "400",
    13: "404",
    14: "500",
    16: "gzip, deflate",
}
STATIC_TABLE: tuple[tuple[str, str], ...] = tuple(
    (name, _STATIC_VALUES.get(index, "")) for index, name in enumerate(_STATIC_NAMES, start=1)
)
"""Entry 1 is at place 0."""
STATIC_INDEX: dict[str, int] = {name: index for index, name in reversed(list(enumerate(_STATIC_NAMES, start=1)))}
"""The first index at which a name stands."""
_STATIC_MAX = len(STATIC_TABLE)


class Named(Protocol):
    """A field as the decoder sees it."""

    name: str
    size: int
    """As a table counts it."""


_F = TypeVar("_F", bound=Named)


def encode_number(number: int, *, bits: int, first: int = 0) -> bytes:
    """An integer (section 5.1) in the low `bits` of a byte whose other bits are those of `first`."""
    limit = (1 << bits) - 1
    if number < limit:
        return bytes((first | number,))
    encoded = bytearray((first | limit,))
    number -= limit
    while number >= 0x80:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def encode_field(name: str, value: bytes) -> bytes:
    """A literal that no table remembers, its value as it is: encoding it has no state and changes none."""
    index = STATIC_INDEX.get(name, 0)
    if index:
        head = encode_number(index, bits=4)
    else:
        raw = name.encode("ascii")
        head = b"\x00" + encode_number(len(raw), bits=7) + raw
    return head + encode_number(len(value), bits=7) + value


def _fail(message: str) -> NoReturn:
    raise ConnectionFault(ErrorCode.COMPRESSION_ERROR, message)


def _long_number(block: bytes, at: int, limit: int) -> tuple[int, int]:
    """The integer of which `at` is the first byte, and where it ends. Raises ConnectionFault, or IndexError at the end
    of the block.
    """
    number, shift = limit, 0
    while True:
        at += 1
        byte = block[at]
        number += (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at + 1
        shift += 7
        if shift > 28:
            _fail("integer is too large")


class Decoder(Generic[_F]):
    """The header blocks of one connection. `paths` is a memory that connections may share."""

    __slots__ = (
        "_list_bytes_max",
        "_make",
        "_memory",
        "_memory_bytes",
        "_paths",
        "_size",
        "_size_max",
        "_static",
        "_table",
        "_text",
        "_unmeasured_bytes",
        "changes",
    )

    def __init__(
        self,
        *,
        static: Sequence[_F],
        paths: dict[bytes, _F],
        text: Callable[[bytes], str],
        make: Callable[[str, str], _F],
        list_bytes_max: int,
    ) -> None:
        self._static = static
        self._paths = paths
        self._text = text
        self._make = make
        self._list_bytes_max = list_bytes_max
        # So small a block cannot hold a list that is too large, whatever the table holds.
        self._unmeasured_bytes = list_bytes_max // (TABLE_BYTES + FIELD_OVERHEAD_BYTES)
        self._table: list[_F] = []
        self._size = 0
        self._size_max = TABLE_BYTES
        self._memory: dict[tuple[str, bytes], _F] = {}
        self._memory_bytes = 0
        self.changes = 0
        """How often the dynamic table has changed: between two changes equal blocks mean equal lists."""

    def decode(self, block: bytes) -> list[_F] | None:
        """The fields of a whole block; None when there are more than may be. Raises ConnectionFault when it has no
        meaning, and after which the connection cannot go on.
        """
        if not block or len(block) <= self._unmeasured_bytes:
            fields: list[_F] = []
            try:
                self._read(block, 0, len(block), fields)
            except IndexError:
                _fail("header block is truncated, or names no entry")
            return fields
        return self._decode_measured(block)

    def _decode_measured(self, block: bytes) -> list[_F] | None:
        at, size, kept = 0, 0, []
        while at < len(block):
            fields: list[_F] = []
            try:
                at = self._read(block, at, min(at + _STRETCH_BYTES, len(block)), fields)
            except IndexError:
                _fail("header block is truncated, or names no entry")
            size += sum(field.size for field in fields)
            if size <= self._list_bytes_max:
                kept += fields
            elif len(block) - at > _EXCESS_BYTES_MAX:
                raise ConnectionFault(ErrorCode.ENHANCE_YOUR_CALM, "header list is too large")
        return kept if size <= self._list_bytes_max else None

    def _read(self, block: bytes, at: int, until: int, fields: list[_F]) -> int:
        """Append the fields that begin in `block[at:until]`; returns where the last of them ends."""
        static, table = self._static, self._table
        while at < until:
            byte = block[at]
            if byte >= 0x80:
                if byte < 0xFF:
                    index = byte & 0x7F
                    at += 1
                else:
                    index, at = _long_number(block, at, 0x7F)
                if index > _STATIC_MAX:
                    fields.append(table[index - _STATIC_MAX - 1])
                elif index:
                    fields.append(static[index - 1])
                else:
                    _fail("index 0")
                continue
            indexed = byte >= 0x40
            if not indexed and byte >= 0x20:
                if at:
                    _check_leading(block, at)
                at = self._resize(block, at)
                continue
            index, limit = (byte & 0x3F, 0x3F) if indexed else (byte & 0x0F, 0x0F)
            if index < limit:
                at += 1
            else:
                index, at = _long_number(block, at, limit)
            if index > _STATIC_MAX:
                name = table[index - _STATIC_MAX - 1].name
            elif index:
                name = static[index - 1].name
            else:
                end = _literal_end(block, at)
                name = self._text(block[at:end])
                at = end
            end = _literal_end(block, at)
            field = self._field(name, block[at:end])
            at = end
            fields.append(field)
            if indexed:
                self._insert(field)
        return at

    def _field(self, name: str, literal: bytes) -> _F:
        if name == ":path":
            path = self._paths.get(literal)
            if path is None:
                path = self._make(name, self._text(literal))
                if len(literal) <= _PATH_MAX_BYTES:
                    if len(self._paths) >= _PATHS_MAX:
                        self._paths.clear()
                    self._paths[literal] = path
            return path
        key = (name, literal)
        field = self._memory.get(key)
        if field is None:
            field = self._make(name, self._text(literal))
            if len(literal) + len(name) <= _MEMORY_LITERAL_MAX_BYTES:
                if len(self._memory) >= _MEMORY_FIELDS_MAX or self._memory_bytes > _MEMORY_BYTES_MAX:
                    self._memory.clear()
                    self._memory_bytes = 0
                self._memory[key] = field
                self._memory_bytes += len(literal) + len(name)
        return field

    def _insert(self, field: _F) -> None:
        self.changes += 1
        size_max = self._size_max
        size = self._size + field.size
        table = self._table
        while table and size > size_max:
            size -= table.pop().size
        if size <= size_max:
            table.insert(0, field)
            self._size = size
        else:  # larger than the whole table, which it has emptied
            self._size = 0

    def _resize(self, block: bytes, at: int) -> int:
        size = block[at] & 0x1F
        if size < 0x1F:
            at += 1
        else:
            size, at = _long_number(block, at, 0x1F)
        if size > TABLE_BYTES:
            _fail("table is larger than allowed")
        self.changes += 1
        self._size_max = size
        table = self._table
        while table and self._size > size:
            self._size -= table.pop().size
        return at


def _check_leading(block: bytes, at: int) -> None:
    """Changes of the table's size are in order before the first field only, and no more than two of them."""
    before = changes = 0
    while before < at:
        changes += 1
        if block[before] & 0xE0 != 0x20 or changes > 1:
            _fail("change of the table's size out of place")
        before = before + 1 if block[before] & 0x1F < 0x1F else _long_number(block, before, 0x1F)[1]


def _literal_end(block: bytes, at: int) -> int:
    """Where the string literal that begins at `at` ends. Raises IndexError when that is behind the block."""
    size = block[at] & 0x7F
    if size < 0x7F:
        end = at + 1 + size
    else:
        size, start = _long_number(block, at, 0x7F)
        end = start + size
    if end > len(block):
        raise IndexError
    return end
