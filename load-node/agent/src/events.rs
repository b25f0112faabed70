//! The event log (JSON lines) and the load series (CSV), for reports.

use crate::clock::unix_ms;
use anyhow::Context;
use loadstone_core::Watts;
use serde_json::{json, Value};
use std::{
    fs::{File, OpenOptions},
    io::{BufWriter, Write},
    path::Path,
};

/// Writes both files; does nothing where none was asked for.
pub struct Reports {
    events: Option<File>,
    series: Option<BufWriter<File>>,
}

impl Reports {
    /// Opens the files, which a restarted node continues.
    pub fn open(events: Option<&Path>, series: Option<&Path>) -> anyhow::Result<Self> {
        let events = events.map(append).transpose()?;
        let mut series = series.map(append).transpose()?;
        if let Some(file) = series.as_mut() {
            if file.metadata().context("cannot read the series file")?.len() == 0 {
                writeln!(file, "t_ms,load_w,setpoint_w").context("cannot write the series file")?;
            }
        }
        Ok(Self { events, series: series.map(BufWriter::new) })
    }

    /// Writes one event with the present moment and its kind. A report that can't be written stops no
    /// regulation: the line is lost and the log says so.
    pub fn event(&mut self, kind: &str, mut fields: Value) {
        let Some(file) = self.events.as_mut() else { return };
        if let Some(fields) = fields.as_object_mut() {
            fields.insert("t_ms".into(), json!(unix_ms()));
            fields.insert("kind".into(), json!(kind));
        }
        // One write a line, so that a killed process leaves no half lines but the last.
        if let Err(error) = file.write_all(format!("{fields}\n").as_bytes()) {
            tracing::warn!(target: "report", %error, "the event log can't be written");
        }
    }

    /// Writes one point of the series.
    pub fn point(&mut self, at_ms: u64, load: Watts, setpoint: Option<Watts>) {
        let Some(file) = self.series.as_mut() else { return };
        let setpoint = setpoint.map(|watts| watts.0.to_string()).unwrap_or_default();
        if let Err(error) = writeln!(file, "{at_ms},{},{setpoint}", load.0).and_then(|()| file.flush()) {
            tracing::warn!(target: "report", %error, "the series can't be written");
        }
    }
}

fn append(path: &Path) -> anyhow::Result<File> {
    let file = OpenOptions::new().create(true).append(true).open(path);
    file.with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_json_with_moment_and_kind_and_the_series_has_one_header() {
        // GIVEN reports that are opened twice, as after a restart
        let folder = tempfile::tempdir().unwrap();
        let (events, series) = (folder.path().join("events"), folder.path().join("series"));
        for _ in 0..2 {
            let mut reports = Reports::open(Some(&events), Some(&series)).unwrap();
            reports.event("anchored", json!({ "sequence": 3 }));
            reports.point(1_000, Watts(55), None);
            reports.point(2_000, Watts(50), Some(Watts(40)));
        }
        // THEN every line is an event, and the header stands once
        let text = std::fs::read_to_string(events).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((lines.len(), &lines[1]["kind"], &lines[1]["sequence"]), (2, &json!("anchored"), &json!(3)));
        let text = std::fs::read_to_string(series).unwrap();
        assert_eq!(text.lines().collect::<Vec<_>>()[..3], ["t_ms,load_w,setpoint_w", "1000,55,", "2000,50,40"]);
        assert_eq!(text.matches("t_ms").count(), 1);
    }
}
