//! Confirmation at a given load: units are sent by the clock, whatever the answers do.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use anyhow::Result;
use loadstone_dag::Unit;

use crate::{figure::Sink, line::Line, series::Devices, stand::Stand, usage};

/// Units of one moment go out together.
const BEAT: Duration = Duration::from_millis(2);

/// Connections at each gateway, enough for what is below saturation.
const LINES: usize = 2;

/// Time to warm up, which is not counted.
const WARM_UP: Duration = Duration::from_secs(1);

/// From the moment at which a unit was due to its confirmation at its gateway, in milliseconds.
type Delays = Vec<f64>;

/// What a run showed.
pub struct Latency {
    /// In rising order.
    delays: Delays,
    /// Processor time a second and member, devices' side included.
    cores_per_member: f64,
}

/// Sends `rate` units a second for `paced` through all gateways.
pub async fn run(members: u8, devices: u32, rate: f64, paced: Duration) -> Result<Latency> {
    let count = (rate * (paced + WARM_UP).as_secs_f64()) as usize;
    let mut source = Devices::new(devices, 1);
    let units: Vec<Unit> = (0..count).map(|_| source.next_unit().unit).collect();
    let home = tempfile::tempdir()?;
    let stand = Stand::start(home.path(), members, devices).await?;
    let (cpu, start) = (usage::processor_time(), Instant::now() + Duration::from_millis(100));
    let lines = stand.lines(LINES)?;
    let mut queues: Vec<Vec<(Instant, Unit)>> = vec![Vec::new(); lines.len()];
    for (number, unit) in units.into_iter().enumerate() {
        let due = start + Duration::from_secs_f64(number as f64 / rate);
        queues[unit.content.slot.device.0 as usize % lines.len()].push((due, unit));
    }
    let counted = start + WARM_UP;
    let feeds: Vec<_> = lines.into_iter().zip(queues).map(|(l, q)| tokio::spawn(feed(l, q, counted))).collect();
    let mut delays = Vec::with_capacity(count);
    for feed in feeds {
        delays.extend(feed.await??);
    }
    let cpu = usage::processor_time().saturating_sub(cpu).as_secs_f64();
    let cores_per_member = cpu / start.elapsed().as_secs_f64() / f64::from(members);
    stand.stop().await;
    delays.sort_by(f64::total_cmp);
    Ok(Latency { delays, cores_per_member })
}

async fn feed(mut line: Line, queue: Vec<(Instant, Unit)>, counted: Instant) -> Result<Delays> {
    let mut delays = Vec::with_capacity(queue.len());
    let mut queue = VecDeque::from(queue);
    let mut beat = tokio::time::interval(BEAT);
    while !queue.is_empty() || line.waiting() > 0 {
        tokio::select! {
            _ = beat.tick() => {
                let now = Instant::now();
                let due = queue.iter().take_while(|(due, _)| *due <= now).count();
                if due > 0 {
                    line.send(queue.drain(..due).collect()).await?;
                }
            }
            confirmed = line.confirmed() => {
                let counted = confirmed?.into_iter().filter(|due| *due >= counted);
                delays.extend(counted.map(|due| due.elapsed().as_secs_f64() * 1e3));
            }
        }
    }
    Ok(delays)
}

fn quantile(delays: &[f64], share: f64) -> f64 {
    let place = (share * delays.len() as f64).ceil() as usize;
    delays.get(place.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

/// Publishes the median and the 99th percentile, and what they cost.
pub fn report(run: &Latency, load: f64, members: u8, sink: &mut Sink) {
    let params = serde_json::json!({ "members": members, "load": load, "readings_per_unit": 1 });
    sink.put("confirm_p50_ms", quantile(&run.delays, 0.5), "ms", &params);
    sink.put("confirm_p99_ms", quantile(&run.delays, 0.99), "ms", &params);
    sink.put("cpu_cores_per_member", run.cores_per_member, "", &params);
}
