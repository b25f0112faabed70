//! Saturation: devices send as fast as the gateways let them.

use std::{
    collections::VecDeque,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{bail, Result};
use loadstone_dag::{GatewayMessage, Refusal, Unit};
use loadstone_dag_node::{testing::Client, testing::GENESIS, Store};

use crate::{series::Devices, stand::Stand, usage};

/// Units in one message of a client.
const MESSAGE: usize = 250;

/// Units of one client on their way: enough to keep every queue busy, few enough not to drown one.
const IN_FLIGHT: usize = 16_384;

/// A run that moves nothing for so long has failed.
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
    let mut queues: Vec<VecDeque<Unit>> = vec![VecDeque::new(); usize::from(members)];
    let mut source = Devices::new(devices, readings);
    for _ in 0..count {
        let unit = source.next_unit().unit;
        // A device has one gateway, as in the field.
        queues[unit.content.slot.device.0 as usize % usize::from(members)].push_back(unit);
    }
    let home = tempfile::tempdir()?;
    let memory = usage::resident_bytes();
    let stand = Stand::start(home.path(), members, devices).await?;
    let (cpu, start) = (usage::processor_time(), Instant::now());
    let feeds: Vec<_> = stand.clients()?.into_iter().zip(queues).map(|(c, q)| tokio::spawn(feed(c, q))).collect();
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

/// Sends a client's units with a bounded number on their way; a busy gateway gets them again.
async fn feed(mut client: Client, mut queue: VecDeque<Unit>) -> Result<()> {
    let total = queue.len();
    let (mut confirmed, mut sent) = (0, 0);
    while confirmed < total {
        while !queue.is_empty() && sent - confirmed < IN_FLIGHT {
            let units: Vec<Unit> = queue.drain(..MESSAGE.min(queue.len())).collect();
            sent += units.len();
            if !client.submit(units).await {
                bail!("a member stopped");
            }
        }
        match tokio::time::timeout(PATIENCE, client.messages.recv()).await {
            Ok(Some(GatewayMessage::Confirmed(..))) => confirmed += 1,
            Ok(Some(GatewayMessage::Refused(slot, refusal))) if refusal != Refusal::Busy => {
                bail!("{slot:?} was refused: {refusal:?}")
            }
            Ok(Some(GatewayMessage::Refused(slot, _))) => bail!("{slot:?} was refused as too much"),
            Ok(Some(_)) => {}
            Ok(None) => bail!("a member stopped"),
            Err(_) => bail!("{} of {total} units were not confirmed within {PATIENCE:?}", total - confirmed),
        }
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
