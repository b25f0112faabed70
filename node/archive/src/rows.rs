//! Units as rows: columns in memory for one row group, filled by the writer and read back by the reader.

use std::{collections::BTreeMap, fmt};

use codec::{DecodeLimit, Encode};
use loadstone_core::{AnchorNumber, DeviceId, Hash, Incarnation, Sequence, Signature};
use loadstone_dag::{Body, Reference, Slot, Unit, UnitContent, MAX_UNIT_BYTES};
use parquet::{
    column::reader::get_typed_column_reader,
    data_type::{ByteArray, ByteArrayType, DataType, FixedLenByteArray, FixedLenByteArrayType, Int32Type, Int64Type},
    errors::{ParquetError, Result},
    file::{reader::RowGroupReader, writer::SerializedRowGroupWriter},
};

/// Nesting of an encoded unit, with room.
const MAX_DEPTH: u32 = 8;

/// Positions of the columns in the schema.
const DEVICE: usize = 2;

/// A unit as it stands in the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchivedUnit {
    /// The anchor that holds it.
    pub anchor: AnchorNumber,
    /// Its position among the anchor's leaves.
    pub index: u32,
    /// Its id, as the archive says; [`crate::verify()`] and [`crate::restore()`] compute it anew.
    pub id: Hash,
    /// The unit.
    pub unit: Unit,
}

/// A row that holds no unit. What else stands in it says which unit that was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BadRow {
    pub anchor: AnchorNumber,
    pub index: u32,
    pub slot: Option<Slot>,
    pub why: &'static str,
}

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "anchor {}, unit {}: {}", self.anchor, self.index, self.why)
    }
}

/// Newest unit of each device's life in a row group.
type Heads = BTreeMap<(DeviceId, Incarnation), (Sequence, Hash)>;

/// The columns of one row group.
#[derive(Default)]
pub(crate) struct Rows {
    anchor: Vec<i32>,
    index: Vec<i32>,
    device: Vec<i32>,
    incarnation: Vec<i32>,
    sequence: Vec<i64>,
    start_ms: Vec<i64>,
    interval_ms: Vec<i32>,
    readings: Vec<i32>,
    unit_id: Vec<FixedLenByteArray>,
    /// Only those that are not left out; `has_previous` says which.
    previous: Vec<FixedLenByteArray>,
    has_previous: Vec<i16>,
    content: Vec<ByteArray>,
    signature: Vec<FixedLenByteArray>,
    heads: Heads,
    bytes: usize,
}

/// Whether the unit's predecessor is the head that the same row group ends with so far.
fn follows(heads: &Heads, slot: &Slot) -> Option<Hash> {
    let (sequence, id) = heads.get(&(slot.device, slot.incarnation))?;
    (sequence.next() == slot.sequence).then_some(*id)
}

/// Moment, interval and count that stand in columns of their own.
fn series(unit: &Unit) -> (u64, u32, u32) {
    match &unit.content.body {
        Body::Readings(readings) => {
            (readings.start.0, readings.interval_ms, u32::try_from(readings.count()).unwrap_or(u32::MAX))
        }
        Body::Acknowledgement(acknowledgement) => (acknowledgement.at.0, 0, 0),
    }
}

impl Rows {
    pub fn len(&self) -> usize {
        self.anchor.len()
    }

    /// Bytes of the parts that differ in size.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn push(&mut self, anchor: AnchorNumber, index: u32, id: Hash, unit: &Unit) {
        let content = &unit.content;
        let slot = content.slot;
        let (start, interval, count) = series(unit);
        self.anchor.push(anchor.0 as i32);
        self.index.push(index as i32);
        self.device.push(slot.device.0 as i32);
        self.incarnation.push(slot.incarnation.0.into());
        self.sequence.push(slot.sequence.0 as i64);
        self.start_ms.push(start as i64);
        self.interval_ms.push(interval as i32);
        self.readings.push(count as i32);
        self.unit_id.push(id.as_bytes().to_vec().into());
        let told = follows(&self.heads, &slot) != Some(content.previous);
        if told {
            self.previous.push(content.previous.as_bytes().to_vec().into());
        }
        self.has_previous.push(told.into());
        let rest = (&content.references, &content.body).encode();
        self.bytes += rest.len() + 2 * 32 + 64;
        self.content.push(rest.into());
        self.signature.push(unit.signature.to_vec().into());
        self.heads.insert((slot.device, slot.incarnation), (slot.sequence, id));
    }

    /// Writes all rows as a row group, and empties the columns.
    pub fn write<W: std::io::Write + Send>(&mut self, mut group: SerializedRowGroupWriter<'_, W>) -> Result<()> {
        put::<Int32Type, W>(&mut group, &self.anchor, None)?;
        put::<Int32Type, W>(&mut group, &self.index, None)?;
        put::<Int32Type, W>(&mut group, &self.device, None)?;
        put::<Int32Type, W>(&mut group, &self.incarnation, None)?;
        put::<Int64Type, W>(&mut group, &self.sequence, None)?;
        put::<Int64Type, W>(&mut group, &self.start_ms, None)?;
        put::<Int32Type, W>(&mut group, &self.interval_ms, None)?;
        put::<Int32Type, W>(&mut group, &self.readings, None)?;
        put::<FixedLenByteArrayType, W>(&mut group, &self.unit_id, None)?;
        put::<FixedLenByteArrayType, W>(&mut group, &self.previous, Some(&self.has_previous))?;
        put::<ByteArrayType, W>(&mut group, &self.content, None)?;
        put::<FixedLenByteArrayType, W>(&mut group, &self.signature, None)?;
        group.close()?;
        *self = Self::default();
        Ok(())
    }

    /// Reads a row group of `count` rows.
    pub fn read(group: &dyn RowGroupReader, count: usize) -> Result<Self> {
        let (previous, has_previous) = get::<FixedLenByteArrayType>(group, 9, count, true)?;
        Ok(Self {
            anchor: get::<Int32Type>(group, 0, count, false)?.0,
            index: get::<Int32Type>(group, 1, count, false)?.0,
            device: get::<Int32Type>(group, DEVICE, count, false)?.0,
            incarnation: get::<Int32Type>(group, 3, count, false)?.0,
            sequence: get::<Int64Type>(group, 4, count, false)?.0,
            unit_id: get::<FixedLenByteArrayType>(group, 8, count, false)?.0,
            previous,
            has_previous,
            content: get::<ByteArrayType>(group, 10, count, false)?.0,
            signature: get::<FixedLenByteArrayType>(group, 11, count, false)?.0,
            ..Self::default()
        })
    }

    /// Whether a row of the group is the device's; reads one column.
    pub fn mentions(group: &dyn RowGroupReader, count: usize, device: DeviceId) -> Result<bool> {
        Ok(get::<Int32Type>(group, DEVICE, count, false)?.0.contains(&(device.0 as i32)))
    }

    /// The units, rebuilt. A row that holds none stops nobody from reading the others.
    pub fn into_units(self) -> Vec<std::result::Result<ArchivedUnit, BadRow>> {
        let (mut heads, mut told) = (Heads::new(), self.previous.iter());
        let mut units = Vec::with_capacity(self.len());
        for row in 0..self.len() {
            let (slot, id) = (self.slot(row), hash(&self.unit_id[row]));
            let previous = match self.has_previous[row] {
                0 => slot.and_then(|slot| follows(&heads, &slot)),
                _ => told.next().and_then(hash),
            };
            if let Some((slot, id)) = slot.zip(id) {
                heads.insert((slot.device, slot.incarnation), (slot.sequence, id));
            }
            let (anchor, index) = (AnchorNumber(self.anchor[row] as u32), self.index[row] as u32);
            let unit = self.unit(row, slot, previous).and_then(|unit| Ok((unit, id.ok_or("it has no id")?)));
            let unit = unit.map(|(unit, id)| ArchivedUnit { anchor, index, id, unit });
            units.push(unit.map_err(|why| BadRow { anchor, index, slot, why }));
        }
        units
    }

    fn slot(&self, row: usize) -> Option<Slot> {
        let incarnation = Incarnation(u16::try_from(self.incarnation[row]).ok()?);
        let (device, sequence) = (DeviceId(self.device[row] as u32), Sequence(self.sequence[row] as u64));
        Some(Slot { device, incarnation, sequence })
    }

    fn unit(&self, row: usize, slot: Option<Slot>, previous: Option<Hash>) -> std::result::Result<Unit, &'static str> {
        let slot = slot.ok_or("its device has no such incarnation")?;
        let previous = previous.ok_or("its predecessor is unknown")?;
        let (references, body) = rest(self.content[row].data()).ok_or("its content is no unit's")?;
        let signature = Signature::try_from(self.signature[row].data()).map_err(|_| "it has no signature")?;
        Ok(Unit { content: UnitContent { slot, previous, references, body }, signature })
    }
}

fn hash(bytes: &FixedLenByteArray) -> Option<Hash> {
    <[u8; 32]>::try_from(bytes.data()).ok().map(Hash)
}

fn rest(bytes: &[u8]) -> Option<(Vec<Reference>, Body)> {
    if bytes.len() > MAX_UNIT_BYTES {
        return None;
    }
    <(Vec<Reference>, Body)>::decode_all_with_depth_limit(MAX_DEPTH, &mut &bytes[..]).ok()
}

fn put<T: DataType, W: std::io::Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: &[T::T],
    present: Option<&[i16]>,
) -> Result<()> {
    let column = group.next_column()?;
    let mut column = column.ok_or_else(|| ParquetError::General("the schema has fewer columns".into()))?;
    column.typed::<T>().write_batch(values, present, None)?;
    column.close()
}

/// Values of a column, and for an optional one which rows have a value.
fn get<T: DataType>(
    group: &dyn RowGroupReader,
    column: usize,
    count: usize,
    optional: bool,
) -> Result<(Vec<T::T>, Vec<i16>)> {
    let (mut values, mut present) = (Vec::with_capacity(count), Vec::new());
    let mut reader = get_typed_column_reader::<T>(group.get_column_reader(column)?);
    let (mut rows, mut read) = (0, 1);
    while rows < count && read > 0 {
        read = reader.read_records(count - rows, optional.then_some(&mut present), None, &mut values)?.0;
        rows += read;
    }
    let whole = if optional { present.len() } else { values.len() };
    if rows != count || whole != count {
        return Err(ParquetError::General(format!("column {column} has {rows} of {count} rows")));
    }
    Ok((values, present))
}
