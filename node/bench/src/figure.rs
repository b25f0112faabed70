//! One measured figure a line, as JSON or as a table.

use serde::Serialize;
use serde_json::Value;

/// A figure as published; names stay once they are.
#[derive(Serialize)]
struct Figure<'a> {
    bench: &'static str,
    name: &'a str,
    value: f64,
    unit: &'a str,
    params: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ratio: Option<f64>,
}

/// Where figures go, each as soon as it is known.
pub struct Sink {
    json: bool,
    count: usize,
}

impl Sink {
    /// Prints JSON lines, or rows of a table.
    pub fn new(json: bool) -> Self {
        Self { json, count: 0 }
    }

    /// A figure without a known limit.
    pub fn put(&mut self, name: &str, value: f64, unit: &str, params: &Value) {
        self.print(&Figure { bench: "dag", name, value, unit, params, limit: None, ratio: None });
    }

    /// A figure whose physical limit was measured in the same run.
    pub fn put_limited(&mut self, name: &str, value: f64, unit: &str, params: &Value, limit: f64) {
        let ratio = Some(value / limit);
        self.print(&Figure { bench: "dag", name, value, unit, params, limit: Some(limit), ratio });
    }

    fn print(&mut self, figure: &Figure<'_>) {
        self.count += 1;
        if self.json {
            // A figure is numbers and short strings: it always encodes.
            println!("{}", serde_json::to_string(figure).unwrap_or_default());
            return;
        }
        let of = match (figure.limit, figure.ratio) {
            (Some(limit), Some(ratio)) => format!("  {:.0} % of {limit:.0}", ratio * 100.0),
            _ => String::new(),
        };
        println!("{:28} {:>14.2} {:4} {}{of}", figure.name, figure.value, figure.unit, figure.params);
    }

    /// Says how many there were.
    pub fn finish(&self) {
        eprintln!("{} figures", self.count);
    }
}
