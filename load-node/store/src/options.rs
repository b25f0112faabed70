//! RocksDB tuned for an edge device: little memory, few files, bounded logs.

use rocksdb::{BlockBasedOptions, Cache, DBRecoveryMode, LogLevel, Options};

/// Cache for blocks of all columns in bytes.
const CACHE_BYTES: usize = 2 * 1_024 * 1_024;

/// Memory table of one column in bytes.
const WRITE_BUFFER_BYTES: usize = 1_024 * 1_024;

/// Greatest size of the write-ahead log in bytes.
const WAL_BYTES: u64 = 8 * 1_024 * 1_024;

/// Options of database and columns.
pub(crate) fn options(create: bool) -> Options {
    let mut table = BlockBasedOptions::default();
    table.set_block_cache(&Cache::new_lru_cache(CACHE_BYTES));
    let mut options = Options::default();
    options.create_if_missing(create);
    options.create_missing_column_families(create);
    options.set_block_based_table_factory(&table);
    options.set_write_buffer_size(WRITE_BUFFER_BYTES);
    options.set_max_write_buffer_number(2);
    options.set_max_total_wal_size(WAL_BYTES);
    // A power failure may cut the log's end, which nobody was told of; anything else in it that does not read is damage,
    // and no reason to go on without the rest.
    options.set_wal_recovery_mode(DBRecoveryMode::TolerateCorruptedTailRecords);
    options.set_max_open_files(64);
    options.set_max_background_jobs(2);
    options.set_keep_log_file_num(2);
    options.set_max_log_file_size(1_024 * 1_024);
    options.set_log_level(LogLevel::Warn);
    options
}
