//! Saturation: devices send as fast as the gateways let them.

use std::{
    collections::VecDeque,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{bail, Result};
use loadstone_dag::Unit;
use loadstone_dag_node::{testing::GENESIS, Store};

use crate::{line::Line, series::Devices, stand::Stand, usage};

/// Connections at each gateway: what waits for one is bounded, and more is dropped.
const LINES: usize = 8;

/// Units in one message.
const MESSAGE: usize = 125;

/// Units of one line on their way: enough to keep every queue busy, few enough not to drown one.
const IN_FLIGHT: usize = 512;

/// A run whose anchors lag so far behind has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a run showed.
pub struct Saturation {
    /// Members of the committee.
    pub members: u8,
    /// Devices that sent.
    pub devices: u32,
    /// Units confirmed.
    pub units: usize,
    /// From the first submission to the last confirmation.
    pub took: Duration,
    /// Bytes that a member received from others.
    pub wire_bytes_per_member: f64,
    /// Bytes on a member's disk afterwards, indexes included.
    pub disk_bytes_per_member: f64,
    /// Processor time of all members.
    pub cpu: Duration,
    /// Resident memory added, a member.
    pub memory_bytes_per_member: f64,
}

impl Saturation {
    /// Confirmed units a second.
    pub fn units_per_s(&self) -> f64 {
        self.units as f64 / self.took.as_secs_f64()
    }
}

/// Sends `count` units through all members' gateways and waits until each is confirmed.
pub async fn run(members: u8, devices: u32, count: usize, readings: u32) -> Result<Saturation> {
    let lines = usize::from(members) * LINES;
    let mut queues: Vec<VecDeque<Unit>> = vec![VecDeque::new(); lines];
    let mut source = Devices::new(devices, readings);
    for _ in 0..count {
        let unit = source.next_unit().unit;
        // A device has one gateway, as in the field.
        queues[unit.content.slot.device.0 as usize % lines].push_back(unit);
    }
    let home = tempfile::tempdir()?;
    let memory = usage::resident_bytes();
    let stand = Stand::start(home.path(), members, devices).await?;
    let (cpu, start) = (usage::processor_time(), Instant::now());
    let feeds: Vec<_> = stand.lines(LINES)?.into_iter().zip(queues).map(|(c, q)| tokio::spawn(feed(c, q))).collect();
    for feed in feeds {
        feed.await??;
    }
    let (took, cpu) = (start.elapsed(), usage::processor_time().saturating_sub(cpu));
    let grown = usage::resident_bytes().saturating_sub(memory) as f64 / f64::from(members);
    let wire = stand.wire_bytes_per_member();
    wait_until_anchored(&stand, count).await?;
    stand.stop().await;
    let disk = disk_bytes(home.path(), members)?;
    Ok(Saturation {
        members,
        devices,
        units: count,
        took,
        wire_bytes_per_member: wire,
        disk_bytes_per_member: disk,
        cpu,
        memory_bytes_per_member: grown,
    })
}

/// Sends a line's units with a bounded number on their way.
async fn feed(mut line: Line, mut queue: VecDeque<Unit>) -> Result<()> {
    while !queue.is_empty() || line.waiting() > 0 {
        while !queue.is_empty() && line.waiting() < IN_FLIGHT {
            let now = Instant::now();
            let units = queue.drain(..MESSAGE.min(queue.len())).map(|unit| (now, unit)).collect();
            line.send(units).await?;
        }
        line.confirmed().await?;
    }
    Ok(())
}

/// What is confirmed is anchored a little later; only then is the disk's share complete.
async fn wait_until_anchored(stand: &Stand, count: usize) -> Result<()> {
    let start = Instant::now();
    while stand.nodes.iter().any(|node| (node.handle.totals().anchored as usize) < count) {
        if start.elapsed() > PATIENCE {
            bail!("not everything was anchored within {PATIENCE:?}");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// Bytes of a member's database after compaction, on average.
fn disk_bytes(home: &Path, members: u8) -> Result<f64> {
    let mut bytes = 0;
    for index in 0..members {
        let folder = home.join(index.to_string()).join("dag");
        Store::open(&folder, &GENESIS)?.compact()?;
        bytes += usage::folder_bytes(&folder)?;
    }
    Ok(bytes as f64 / f64::from(members))
}
