//! A segment's columns, their encodings, and what its footer says.
//!
//! One row a unit, in order of anchor and of slot. Analysts read device, time and count without knowing
//! SCALE; auditors rebuild each unit's exact bytes from slot, `previous`, `content` and `signature`.

use std::sync::Arc;

use codec::{DecodeLimit, Encode};
use loadstone_core::Hash;
use loadstone_dag::Anchor;
use parquet::{
    basic::{Compression, Encoding, ZstdLevel},
    errors::ParquetError,
    file::{
        metadata::KeyValue,
        properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr},
    },
    schema::{
        parser::parse_message_type,
        types::{ColumnPath, TypePtr},
    },
};

use crate::manifest::FORMAT;

/// The columns. `previous` is left out where the predecessor stands before the unit in the same row
/// group; `content` is what is signed from the references on; an acknowledgement has its own moment in
/// `start_ms`, and no interval and readings.
const COLUMNS: &str = "
    message unit {
        REQUIRED INT32 anchor (INTEGER(32, false));
        REQUIRED INT32 index (INTEGER(32, false));
        REQUIRED INT32 device (INTEGER(32, false));
        REQUIRED INT32 incarnation (INTEGER(16, false));
        REQUIRED INT64 sequence (INTEGER(64, false));
        REQUIRED INT64 start_ms (INTEGER(64, false));
        REQUIRED INT32 interval_ms (INTEGER(32, false));
        REQUIRED INT32 readings (INTEGER(32, false));
        REQUIRED FIXED_LEN_BYTE_ARRAY(32) unit_id;
        OPTIONAL FIXED_LEN_BYTE_ARRAY(32) previous;
        REQUIRED BYTE_ARRAY content;
        REQUIRED FIXED_LEN_BYTE_ARRAY(64) signature;
    }";

/// Columns in which neighbours differ by little.
const DELTAS: [&str; 5] = ["anchor", "index", "device", "sequence", "start_ms"];

/// Columns of hashes and signatures, which nothing compresses.
const RANDOM: [&str; 3] = ["unit_id", "previous", "signature"];

/// Columns whose range helps to skip row groups.
const RANGES: [&str; 3] = ["anchor", "device", "start_ms"];

/// Effort of the compressor: more takes longer and gains little.
const ZSTD_LEVEL: i32 = 6;

const FORMAT_KEY: &str = "loadstone.format";
const GENESIS_KEY: &str = "loadstone.genesis";
const ANCHORS_KEY: &str = "loadstone.anchors";

/// Nesting of an encoded list of anchors, with room.
const MAX_DEPTH: u32 = 8;

pub(crate) fn columns() -> Result<TypePtr, ParquetError> {
    Ok(Arc::new(parse_message_type(COLUMNS)?))
}

pub(crate) fn properties() -> Result<WriterPropertiesPtr, ParquetError> {
    let mut properties = WriterProperties::builder()
        .set_created_by("loadstone-archive".into())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        .set_max_row_group_row_count(None);
    for name in DELTAS {
        properties = properties
            .set_column_dictionary_enabled(ColumnPath::from(name), false)
            .set_column_encoding(ColumnPath::from(name), Encoding::DELTA_BINARY_PACKED);
    }
    for name in RANDOM {
        properties = properties
            .set_column_dictionary_enabled(ColumnPath::from(name), false)
            .set_column_compression(ColumnPath::from(name), Compression::UNCOMPRESSED);
    }
    for name in RANGES {
        properties = properties.set_column_statistics_enabled(ColumnPath::from(name), EnabledStatistics::Chunk);
    }
    properties = properties
        .set_column_dictionary_enabled(ColumnPath::from("content"), false)
        .set_column_encoding(ColumnPath::from("content"), Encoding::DELTA_LENGTH_BYTE_ARRAY);
    Ok(Arc::new(properties.build()))
}

/// What the footer says of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Footer {
    pub genesis: Hash,
    /// The segment's anchors, also those without units.
    pub anchors: Vec<Anchor>,
}

impl Footer {
    pub fn pairs(&self) -> Vec<KeyValue> {
        vec![
            KeyValue::new(FORMAT_KEY.into(), FORMAT.to_string()),
            KeyValue::new(GENESIS_KEY.into(), hex::encode(self.genesis)),
            KeyValue::new(ANCHORS_KEY.into(), hex::encode(self.anchors.encode())),
        ]
    }

    /// Reads the pairs back; the text says what is wrong with them.
    pub fn read(pairs: &[KeyValue]) -> Result<Self, String> {
        let find = |key: &str| {
            let pair = pairs.iter().find(|pair| pair.key == key);
            pair.and_then(|pair| pair.value.clone()).ok_or_else(|| format!("its footer has no `{key}`"))
        };
        let format = find(FORMAT_KEY)?;
        if format != FORMAT.to_string() {
            return Err(format!("it has format {format}, the manifest {FORMAT}"));
        }
        let mut genesis = [0; 32];
        hex::decode_to_slice(find(GENESIS_KEY)?, &mut genesis).map_err(|error| format!("{GENESIS_KEY}: {error}"))?;
        let anchors = hex::decode(find(ANCHORS_KEY)?).map_err(|error| format!("{ANCHORS_KEY}: {error}"))?;
        let anchors = Vec::decode_all_with_depth_limit(MAX_DEPTH, &mut &anchors[..]);
        let anchors = anchors.map_err(|error| format!("{ANCHORS_KEY}: {error}"))?;
        Ok(Self { genesis: Hash(genesis), anchors })
    }
}
