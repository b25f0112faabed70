//! Tables for people, JSON for programs.

use anyhow::{Context as _, Result};
use chrono::DateTime;
use loadstone_core::{Balance, Millis, Price, Watts, YUAN};
use serde_json::Value;
use std::io::{self, ErrorKind, Write};

/// How results are printed.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// One JSON value a line instead of tables.
    pub json: bool,
}

impl Output {
    /// Prints `value` for programs, or what `people` makes for people.
    ///
    /// # Errors
    /// When standard output can't be written, for example because a disk is full.
    pub fn print(&self, value: &Value, people: impl FnOnce() -> String) -> Result<()> {
        let text = if self.json { value.to_string() } else { people() };
        write_line(&mut io::stdout().lock(), &text)
    }

    /// Says what goes on, to people only.
    pub fn note(&self, text: &str) {
        if !self.json {
            complain(text);
        }
    }
}

/// Writes a line. A reader that has seen enough, as `head` has, is no failure: the command ends as it would
/// have, and its exit code tells what it found.
pub fn write_line(out: &mut impl Write, text: &str) -> Result<()> {
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("can't write the result"),
    }
}

/// Writes a line to standard error, if anyone listens there.
pub fn complain(text: &str) {
    // There is no other place to say that this one is closed.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// A table whose columns are as wide as their widest cell; numbers stand to the right.
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these column heads.
    pub fn new(head: &[&str]) -> Self {
        Self { rows: vec![head.iter().map(ToString::to_string).collect()] }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The table as text, without a newline at its end.
    pub fn render(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut lines: Vec<String> = self.rows.iter().map(|row| line(row, &widths)).collect();
        let rule = widths.iter().map(|width| "-".repeat(*width)).collect::<Vec<_>>().join("  ");
        lines.insert(1.min(lines.len()), rule);
        lines.join("\n")
    }
}

fn line(row: &[String], widths: &[usize]) -> String {
    let cells = row.iter().zip(widths).map(|(cell, width)| {
        let padding = " ".repeat(width.saturating_sub(cell.chars().count()));
        let numeric = cell.starts_with(|first: char| first.is_ascii_digit() || first == '-');
        if numeric {
            format!("{padding}{cell}")
        } else {
            format!("{cell}{padding}")
        }
    });
    cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

/// Names and values under each other.
pub fn pairs<const N: usize>(pairs: [(&str, String); N]) -> String {
    let width = pairs.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    let lines = pairs.iter().map(|(name, value)| format!("{name:<width$}  {value}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// A moment in UTC; milliseconds only where there are some.
pub fn moment(at: Millis) -> String {
    let date = i64::try_from(at.0).ok().and_then(DateTime::from_timestamp_millis);
    date.map_or_else(|| at.to_string(), |date| date.format("%Y-%m-%d %H:%M:%S%.f UTC").to_string())
}

/// Micro-yuan as yuan with all six decimals.
pub fn yuan(amount: Balance) -> String {
    format!("{}.{:06}", amount / YUAN, amount % YUAN)
}

/// A price as people write it.
pub fn cny(price: Price) -> String {
    format!("{} CNY/kWh", yuan(price.0.into()))
}

/// Basis points as per cent.
pub fn percent(basis_points: u32) -> String {
    format!("{}.{:02} %", basis_points / 100, basis_points % 100)
}

/// Loads of intervals: one number where they are alike, else the least and the greatest.
pub fn levels(loads: &[Watts]) -> String {
    match (loads.iter().min(), loads.iter().max()) {
        (Some(least), Some(most)) if least < most => format!("{} to {}", least.0, most.0),
        (Some(all), _) => all.0.to_string(),
        (None, _) => "none".into(),
    }
}

/// Bytes as hex with its prefix.
pub fn hexed(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_dates_in_utc() {
        // GIVEN moments with and without milliseconds, and one that no calendar knows
        assert_eq!(moment(Millis(1_796_131_139_000)), "2026-12-01 13:18:59 UTC");
        assert_eq!(moment(Millis(1_796_131_139_200)), "2026-12-01 13:18:59.200 UTC");
        assert_eq!(moment(Millis(u64::MAX)), Millis(u64::MAX).to_string());
    }

    #[test]
    fn columns_line_up() {
        // GIVEN a table with text and numbers
        let mut table = Table::new(&["name", "watts"]);
        table.row(["kiln".into(), "7".into()]);
        table.row(["cold store".into(), "-1200".into()]);
        // THEN text stands to the left and numbers to the right
        let lines = ["name        watts", "----------  -----", "kiln            7", "cold store  -1200"];
        assert_eq!(table.render(), lines.join("\n"));
    }

    /// A place where writing fails.
    struct Closed(ErrorKind);

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_has_seen_enough_is_no_failure() {
        // GIVEN a pipe whose reader has gone THEN writing is done
        assert!(write_line(&mut Closed(ErrorKind::BrokenPipe), "a row").is_ok());
        // GIVEN a full disk THEN writing fails
        assert!(write_line(&mut Closed(ErrorKind::StorageFull), "a row").is_err());
    }

    #[test]
    fn money_keeps_every_digit() {
        assert_eq!(yuan(1), "0.000001");
        assert_eq!(yuan(12_345_678), "12.345678");
        assert_eq!(cny(Price(50_000)), "0.050000 CNY/kWh");
        assert_eq!(percent(9_876), "98.76 %");
    }
}
