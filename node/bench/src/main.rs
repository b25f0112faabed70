//! `dag-bench`: what the DAG ledger carries on this machine, and how near that is to the limit.
//!
//! Members are the shipped service with database, gateway and real signatures; only the chain and the
//! network between them are in memory, and the network carries the same bytes. Units are signed beforehand.

mod figure;
mod latency;
mod limit;
mod line;
mod proof;
mod saturate;
mod series;
mod stand;
mod usage;

use anyhow::Result;
use clap::Parser;
use figure::Sink;
use saturate::Saturation;
use std::time::Duration;

/// Measures the DAG ledger with several members in one process and prints one figure a line.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Print JSON, one object a line, instead of a table.
    #[arg(long)]
    json: bool,
    /// Every figure at small size: half a minute on a quiet machine, and less steady.
    #[arg(long)]
    quick: bool,
    /// Members of the committee, up to 16.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=16))]
    members: u8,
    /// Devices that send.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    devices: u32,
}

/// How much is measured.
struct Size {
    units: usize,
    signatures: usize,
    paced: Duration,
    largest_anchor: u32,
}

impl Options {
    fn size(&self) -> Size {
        if self.quick {
            let paced = Duration::from_secs(3);
            Size { units: 20_000, signatures: 65_536, paced, largest_anchor: 100_000 }
        } else {
            let paced = Duration::from_secs(10);
            Size { units: 200_000, signatures: 131_072, paced, largest_anchor: 1_000_000 }
        }
    }
}

fn main() -> Result<()> {
    let options = Options::parse();
    let size = options.size();
    let mut sink = Sink::new(options.json);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    proof::measure(size.largest_anchor, &mut sink);
    let mut fastest = None;
    for readings in [1, 10, 60] {
        // The rate is one of units: longer units are as many, and take as long.
        let units = if readings == 1 { size.units } else { size.units / 2 };
        // Before and after, since a shared machine's speed drifts.
        let before = limit::units_per_s(size.signatures / 2, options.members, readings)?;
        let run = runtime.block_on(saturate::run(options.members, options.devices, units, readings))?;
        let limit = before.midpoint(limit::units_per_s(size.signatures / 2, options.members, readings)?);
        report(&run, limit, readings, &mut sink);
        fastest = fastest.or(Some(run));
    }
    if let Some(saturation) = fastest {
        for load in [0.25, 0.5, 0.9] {
            let rate = saturation.units_per_s() * load;
            let run = runtime.block_on(latency::run(options.members, options.devices, rate, size.paced))?;
            latency::report(&run, load, options.members, &mut sink);
        }
    }
    sink.finish();
    Ok(())
}

fn report(run: &Saturation, limit: f64, readings: u32, sink: &mut Sink) {
    let params = serde_json::json!({ "members": run.members, "readings_per_unit": readings, "devices": run.devices });
    let rate = run.units_per_s();
    sink.put_limited("confirmed_units_per_s", rate, "1/s", &params, limit);
    sink.put("confirmed_readings_per_s", rate * f64::from(readings), "1/s", &params);
    let all = (run.units * readings as usize) as f64;
    sink.put("wire_bytes_per_reading", run.wire_bytes_per_member / all, "B", &params);
    sink.put("disk_bytes_per_reading", run.disk_bytes_per_member / all, "B", &params);
    sink.put(
        "cpu_us_per_unit",
        run.cpu.as_secs_f64() * 1e6 / (run.units * usize::from(run.members)) as f64,
        "us",
        &params,
    );
    // Later runs take the memory that earlier ones gave back.
    if readings == 1 {
        sink.put("memory_bytes_per_member", run.memory_bytes_per_member, "B", &params);
    }
}
