//! The columns and how RocksDB keeps them.
//!
//! Keys of what belongs to an epoch begin with its number. Epochs come one after another, so old files lie
//! apart from new ones: they are not rewritten again, and a pruned epoch leaves as whole files.

use rocksdb::{BlockBasedOptions, Cache, ColumnFamilyDescriptor, DBCompressionType, DBRecoveryMode, LogLevel, Options};

/// Version and chain, the epoch in force, how far it is pruned.
pub const META: &str = "meta";
/// (epoch, slot) -> packed unit: the first that came in of each slot.
pub const UNITS: &str = "units";
/// (epoch, slot, id) -> packed unit: others of the same slot.
pub const RIVALS: &str = "rivals";
/// (epoch, slot of the last) -> where a run of consecutive units of one device is anchored.
pub const PLACES: &str = "places";
/// Anchor number -> anchor, and the block in which it was first seen.
pub const ANCHORS: &str = "anchors";
/// Anchor number -> names of its units.
pub const LEAVES: &str = "leaves";
/// Anchor number -> anchor hash; outlives the anchor for proofs of later ones.
pub const HASHES: &str = "hashes";
/// Beginning of an anchor's hash and its number -> nothing.
pub const NUMBERS: &str = "numbers";
/// Position -> root over a block of anchor hashes.
pub const BLOCKS: &str = "blocks";
/// Epoch -> its first anchor, and what it began from.
pub const EPOCHS: &str = "epochs";
/// (epoch, first device) -> a chunk of the heads that the epoch began from.
pub const HEADS: &str = "heads";
/// Position -> what restores the member in the epoch in force.
pub const JOURNAL: &str = "journal";
/// Beginning of a witness's id and its position in the journal -> nothing.
pub const IDS: &str = "ids";

pub const COLUMNS: [&str; 13] =
    [META, UNITS, RIVALS, PLACES, ANCHORS, LEAVES, HASHES, NUMBERS, BLOCKS, EPOCHS, HEADS, JOURNAL, IDS];

/// Columns in which single keys are looked up that often are not there.
const SOUGHT: [&str; 2] = [UNITS, RIVALS];

/// Bytes of a block: large ones compress better, small ones are read faster.
const BLOCK: usize = 16 << 10;

/// Bits of the filter for a key: one in a hundred lookups of what is not there reads a block.
const FILTER_BITS: f64 = 10.0;

/// Share of a column's buffer that its filter takes.
const BUFFER_FILTER: f64 = 0.02;

/// Bytes of blocks, indexes and filters kept in memory.
const CACHE: usize = 64 << 20;

/// Bytes in memory before they go to a file: of one column, and of all.
const COLUMN_BUFFER: usize = 16 << 20;
const ALL_BUFFERS: usize = 64 << 20;

/// Greatest log of what is in memory only.
const WAL: u64 = 96 << 20;

/// RocksDB's own text log: size of a file, and files.
const LOG_FILE: usize = 1 << 20;
const LOG_FILES: usize = 2;

/// Files open at once.
const OPEN_FILES: i32 = 512;

/// Options of the whole database.
pub fn options() -> Options {
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    options.set_paranoid_checks(true);
    // A torn end of the log is dropped; what was synced stands before it.
    options.set_wal_recovery_mode(DBRecoveryMode::PointInTime);
    options.set_max_total_wal_size(WAL);
    options.set_db_write_buffer_size(ALL_BUFFERS);
    options.set_max_background_jobs(2);
    options.set_max_open_files(OPEN_FILES);
    options.set_bytes_per_sync(1 << 20);
    options.set_log_level(LogLevel::Warn);
    options.set_max_log_file_size(LOG_FILE);
    options.set_keep_log_file_num(LOG_FILES);
    options.set_max_manifest_file_size(16 << 20);
    options.set_stats_dump_period_sec(0);
    options
}

/// All columns with their options.
pub fn descriptors() -> Vec<ColumnFamilyDescriptor> {
    let cache = Cache::new_lru_cache(CACHE);
    COLUMNS.iter().map(|name| ColumnFamilyDescriptor::new(*name, column(name, &cache))).collect()
}

fn column(name: &str, cache: &Cache) -> Options {
    let mut table = BlockBasedOptions::default();
    table.set_block_size(BLOCK);
    table.set_block_cache(cache);
    table.set_cache_index_and_filter_blocks(true);
    table.set_pin_l0_filter_and_index_blocks_in_cache(true);
    table.set_format_version(5);
    if SOUGHT.contains(&name) {
        table.set_bloom_filter(FILTER_BITS, false);
    }
    let mut options = Options::default();
    options.set_block_based_table_factory(&table);
    options.set_compression_type(DBCompressionType::Snappy);
    options.set_write_buffer_size(COLUMN_BUFFER);
    options.set_level_compaction_dynamic_level_bytes(true);
    if SOUGHT.contains(&name) {
        options.set_memtable_prefix_bloom_ratio(BUFFER_FILTER);
        options.set_memtable_whole_key_filtering(true);
    }
    options
}
