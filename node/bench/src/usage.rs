//! What this process uses of the machine, as Linux says.

use std::{fs, io, path::Path, time::Duration};

/// Linux reports processor time in hundredths of a second on every machine that this runs on.
const TICK: Duration = Duration::from_millis(10);

/// Bytes of a page.
const PAGE: u64 = 4_096;

fn numbers(path: &str, from: usize) -> Vec<u64> {
    let text = fs::read_to_string(path).unwrap_or_default();
    // The program's name stands in parentheses and may hold blanks.
    let rest = text.rsplit(')').next().unwrap_or_default();
    rest.split_whitespace().skip(from).filter_map(|number| number.parse().ok()).collect()
}

/// Processor time of all threads so far.
pub fn processor_time() -> Duration {
    // After the name come the state letter and ten numbers, then user and system time.
    let times = numbers("/proc/self/stat", 11);
    TICK * (times.iter().take(2).sum::<u64>() as u32)
}

/// Resident memory.
pub fn resident_bytes() -> u64 {
    numbers("/proc/self/statm", 1).first().copied().unwrap_or_default() * PAGE
}

/// Bytes of all files in a folder.
pub fn folder_bytes(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let data = entry?.metadata()?;
        bytes += if data.is_file() { data.len() } else { 0 };
    }
    Ok(bytes)
}
