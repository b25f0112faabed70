//! Confirmation at a given load: units are sent by the clock, whatever the answers do.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::{bail, Result};
use loadstone_dag::{GatewayMessage, Slot, Unit};
use loadstone_dag_node::testing::Client;

use crate::{figure::Sink, series::Devices, stand::Stand};

/// Units of one moment go out together.
const BEAT: Duration = Duration::from_millis(2);

/// Time to warm up, which is not counted.
const WARM_UP: Duration = Duration::from_secs(1);

/// Time that the last units have.
const PATIENCE: Duration = Duration::from_secs(20);

/// From the moment at which a unit was due to its confirmation at its gateway, in milliseconds, in rising order.
pub type Delays = Vec<f64>;

/// Sends `rate` units a second for `paced` through all gateways.
pub async fn run(members: u8, devices: u32, rate: f64, paced: Duration) -> Result<Delays> {
    let count = (rate * (paced + WARM_UP).as_secs_f64()) as usize;
    let mut source = Devices::new(devices, 1);
    let mut queues: Vec<Vec<(Duration, Unit)>> = vec![Vec::new(); usize::from(members)];
    for number in 0..count {
        let unit = source.next_unit().unit;
        let due = Duration::from_secs_f64(number as f64 / rate);
        queues[unit.content.slot.device.0 as usize % usize::from(members)].push((due, unit));
    }
    let home = tempfile::tempdir()?;
    let stand = Stand::start(home.path(), members, devices).await?;
    let start = Instant::now() + Duration::from_millis(100);
    let feeds: Vec<_> =
        stand.clients()?.into_iter().zip(queues).map(|(c, q)| tokio::spawn(feed(c, q, start))).collect();
    let mut delays = Vec::with_capacity(count);
    for feed in feeds {
        delays.extend(feed.await??);
    }
    stand.stop().await;
    delays.sort_by(f64::total_cmp);
    Ok(delays)
}

async fn feed(mut client: Client, queue: Vec<(Duration, Unit)>, start: Instant) -> Result<Delays> {
    let mut waiting: BTreeMap<Slot, Instant> = BTreeMap::new();
    let (mut delays, mut next) = (Vec::with_capacity(queue.len()), 0);
    let mut beat = tokio::time::interval(BEAT);
    let end = start + queue.last().map(|(due, _)| *due).unwrap_or_default() + PATIENCE;
    while next < queue.len() || !waiting.is_empty() {
        tokio::select! {
            _ = beat.tick() => {
                let due: Vec<_> = queue[next..].iter().take_while(|(due, _)| start + *due <= Instant::now()).collect();
                next += due.len();
                waiting.extend(due.iter().map(|(at, unit)| (unit.content.slot, start + *at)));
                if !due.is_empty() && !client.submit(due.into_iter().map(|(_, unit)| unit.clone()).collect()).await {
                    bail!("a member stopped");
                }
                if Instant::now() > end {
                    bail!("{} units were not confirmed", waiting.len());
                }
            }
            message = client.messages.recv() => match message {
                Some(GatewayMessage::Confirmed(slot, _)) => {
                    if let Some(at) = waiting.remove(&slot).filter(|at| *at >= start + WARM_UP) {
                        delays.push(at.elapsed().as_secs_f64() * 1e3);
                    }
                }
                Some(GatewayMessage::Refused(slot, refusal)) => bail!("{slot:?} was refused: {refusal:?}"),
                Some(_) => {}
                None => bail!("a member stopped"),
            }
        }
    }
    Ok(delays)
}

fn quantile(delays: &[f64], share: f64) -> f64 {
    let place = (share * delays.len() as f64).ceil() as usize;
    delays.get(place.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

/// Publishes the median and the 99th percentile.
pub fn report(delays: &[f64], load: f64, members: u8, sink: &mut Sink) {
    let params = serde_json::json!({ "members": members, "load": load, "readings_per_unit": 1 });
    sink.put("confirm_p50_ms", quantile(delays, 0.5), "ms", &params);
    sink.put("confirm_p99_ms", quantile(delays, 0.99), "ms", &params);
}
