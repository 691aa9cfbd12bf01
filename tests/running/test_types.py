"""A column of every type that Parquet can hold comes out as it went in."""

import datetime as dt
import decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

ROWS = 20


class Centimetres(pa.ExtensionType):
    """A type that only its owner knows."""

    def __init__(self):
        super().__init__(pa.float64(), "test.centimetres")

    def __arrow_ext_serialize__(self):
        return b"v1"

    @classmethod
    def __arrow_ext_deserialize__(cls, storage, serialized):
        return cls()


@pytest.fixture
def centimetres():
    kind = Centimetres()
    pa.register_extension_type(kind)
    yield kind
    pa.unregister_extension_type(kind.extension_name)


INTEGERS = [getattr(pa, f"{sign}int{bits}")() for sign in ("", "u") for bits in (8, 16, 32, 64)]
UNITS = ("s", "ms", "us", "ns")
ZONES = (None, "UTC", "Europe/Berlin", "+05:30")
PLAIN = [
    pa.bool_(),
    *INTEGERS,
    pa.float16(),
    pa.float32(),
    pa.float64(),
    pa.decimal32(7, 2),
    pa.decimal64(15, 3),
    pa.decimal128(38, 9),
    pa.decimal256(76, 20),
    pa.string(),
    pa.large_string(),
    pa.binary(),
    pa.large_binary(),
    pa.binary(16),
    pa.date32(),
    pa.time32("s"),
    pa.time32("ms"),
    pa.time64("us"),
    pa.time64("ns"),
    *(pa.timestamp(unit, zone) for unit in UNITS for zone in ZONES),
    *(pa.duration(unit) for unit in UNITS),
    pa.null(),
]
NESTED = [
    pa.list_(pa.int32()),
    pa.list_(pa.field("piece", pa.string(), nullable=False)),
    pa.large_list(pa.large_string()),
    pa.list_(pa.float32(), 3),
    pa.struct([("a", pa.int16()), pa.field("b", pa.timestamp("ns", "UTC"), nullable=False)]),
    pa.list_(pa.struct([("kind", pa.dictionary(pa.int32(), pa.string())), ("at", pa.int64())])),
    pa.map_(pa.string(), pa.decimal128(9, 2)),
    pa.map_(pa.int32(), pa.list_(pa.struct([("x", pa.float64())]))),
    pa.list_(pa.list_(pa.list_(pa.uint8()))),
]
CODED = [
    pa.dictionary(pa.int8(), pa.string()),
    pa.dictionary(pa.uint16(), pa.large_string()),
    pa.dictionary(pa.int32(), pa.int64()),
    pa.dictionary(pa.int64(), pa.string(), ordered=True),
    pa.dictionary(pa.int32(), pa.binary(4)),
    pa.dictionary(pa.int32(), pa.decimal128(9, 2)),
    pa.dictionary(pa.int32(), pa.float64()),
    pa.dictionary(pa.int32(), pa.date32()),
]
EXTENSIONS = [pa.uuid(), pa.json_(pa.string())]


def value(kind, row):
    """A value of a type; another for every row, or a few in turn for what is coded."""
    types = pa.types
    if types.is_null(kind):
        return None
    if types.is_dictionary(kind):
        return value(kind.value_type, row % 3)
    if types.is_boolean(kind):
        return row % 2 == 0
    if types.is_integer(kind):
        return row if types.is_unsigned_integer(kind) else row - 5
    if types.is_float16(kind):
        return np.float16(row / 4)
    if types.is_floating(kind):
        return float("nan") if row == 4 else row / 3
    if types.is_decimal(kind):
        return decimal.Decimal(row).scaleb(-kind.scale)
    if types.is_fixed_size_binary(kind):
        return bytes([row]) * kind.byte_width
    if types.is_binary(kind) or types.is_large_binary(kind):
        return bytes([row, 0, 255])
    if types.is_string(kind) or types.is_large_string(kind):
        return f"«{row}» ✓\n"
    if types.is_date(kind):
        return dt.date(1969, 12, 20) + dt.timedelta(row)
    if types.is_time(kind) or types.is_timestamp(kind) or types.is_duration(kind):
        return 1_000 * row + 7
    return nested(kind, row)


def nested(kind, row):
    types = pa.types
    if types.is_map(kind):
        return [(value(kind.key_type, row), value(kind.item_type, row))] * (row % 2)
    if types.is_struct(kind):
        return {field.name: value(field.type, row) for field in kind}
    count = kind.list_size if types.is_fixed_size_list(kind) else row % 3
    # Beyond the row whose number is a NaN: nested ones are compared as they are.
    return [value(kind.value_type, ROWS + row + i) for i in range(count)]


def column(kind, *, nullable):
    """Every fifth value is null, if there may be nulls."""
    if isinstance(kind, pa.BaseExtensionType):
        return pa.ExtensionArray.from_storage(kind, column(kind.storage_type, nullable=nullable))
    values = [None if nullable and row % 5 == 0 else value(kind, row) for row in range(ROWS)]
    if pa.types.is_dictionary(kind):
        coded = pa.array(values, kind.value_type).dictionary_encode()
        indices = coded.indices.cast(kind.index_type)
        return pa.DictionaryArray.from_arrays(indices, coded.dictionary, ordered=kind.ordered)
    return pa.array(values, kind)


def every_type(texts, extensions):
    """A table of the text, and two columns of each type, one of which may hold no nulls."""
    fields = [pa.field("text", pa.string(), metadata={"language": "en"})]
    arrays = [pa.array(texts(ROWS))]
    for number, kind in enumerate([*PLAIN, *NESTED, *CODED, *extensions]):
        for nullable in (True, False):
            if pa.types.is_null(kind) and not nullable:
                continue
            name = f"{number:02} {kind}{'' if nullable else ' not null'}"
            metadata = {"about": name, "bytes": b"\x00\xff", "PARQUET:field_id": str(len(fields))}
            fields.append(pa.field(name, kind, nullable=nullable, metadata=metadata))
            arrays.append(column(kind, nullable=nullable))
    metadata = {"made by": "hand", "raw": b"\x00\x01\xfe", "pandas": "{}"}
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata=metadata))


def carried(kinds, out):
    """The fields of these names, and the metadata but for what a file tells of itself."""
    metadata = {k: v for k, v in out.metadata.items() if not k.startswith(b"augmill.")} or None
    return pa.schema([out.field(field.name) for field in kinds], metadata=metadata)


@pytest.fixture
def table(mill, texts):
    """As a reader of its file has it, which is what a run can know of it."""
    return pq.ParquetFile(mill.write(every_type(texts, EXTENSIONS))).read()


def test_types_metadata_and_values_of_carried_columns_stay(mill, table):
    carries(mill, table)


def test_a_type_that_its_owner_registered_stays(mill, texts, centimetres):
    table = pa.table({"text": texts(ROWS), "size": column(centimetres, nullable=True)})
    carries(mill, pq.ParquetFile(mill.write(table)).read())


def test_they_stay_where_variants_are_left_out(mill, table):
    twice = pa.concat_tables([table, table])
    mill.write(twice)
    written = pq.ParquetFile(mill.folder / "in.parquet").read()
    left_out = {"use": "duplicates", "against": "dataset"}
    done = carries(mill, written, filters=[left_out])
    assert done.stats.variants.rejected["duplicates: exact"] > ROWS // 2


def carries(mill, table, **values):
    done = mill.run(**values)
    out = mill.read()
    kept = carried(table.schema, out.schema)
    assert [f for f, g in zip(table.schema, kept, strict=True) if not f.equals(g, True)] == []
    assert kept.equals(table.schema, check_metadata=True)
    original = out.filter(pc.equal(out["aug_view"].cast(pa.string()), "original"))
    variants = out.filter(pc.equal(out["aug_view"].cast(pa.string()), "augmented"))
    assert not differing(original.select(table.schema.names), table)
    assert variants.num_rows > ROWS // 2
    rows = pc.index_in(variants["aug_parent"], original["aug_parent"])
    names = [name for name in table.schema.names if name != "text"]
    assert not differing(variants.select(names), table.select(names).take(rows))
    return done


def differing(some, others):
    """The columns whose values are not the same."""
    names = some.schema.names
    return [n for n in names if not equal(whole(some[n]), whole(others[n]))]


def whole(column):
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def equal(some, others):
    """Equal values, where a NaN equals itself."""
    if isinstance(some.type, pa.BaseExtensionType):
        return equal(some.storage, others.storage)
    if pa.types.is_floating(some.type):
        nulls = some.is_null().equals(others.is_null())
        numbers = (side.drop_null().to_numpy() for side in (some, others))
        return nulls and np.array_equal(*numbers, equal_nan=True)
    if pa.types.is_dictionary(some.type):
        return equal(some.dictionary_decode(), others.dictionary_decode())
    return some.equals(others)


@pytest.mark.parametrize("layout", ["long", "wide"])
def test_the_types_do_not_depend_on_the_cut_into_files(mill, table, layout):
    """Two files, an empty one, and batches of few rows."""
    (mill.folder / "in.parquet").unlink()
    for name, part in (("a", table[:11]), ("b", table[:0]), ("c", table[11:])):
        mill.write(part, f"parts/{name}.parquet")
    mill.run(input=str(mill.folder / "parts"), batch_rows=3, layout=layout)
    out = mill.read()
    assert carried(table.schema, out.schema).equals(table.schema, check_metadata=True)
    if layout == "wide":
        assert not differing(out.select(table.schema.names), table)
