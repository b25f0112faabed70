//! A committee of shipped services in this process, and a client at each gateway.

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{bail, Context, Result};
use loadstone_core::{DeviceId, Watts};
use loadstone_dag_node::{
    testing::{registered, Cluster, Node},
    Rate,
};

use crate::line::Line;

/// Far above what the machine carries: the devices' quota is not what is measured.
const NO_LIMIT: Rate = Rate { per_second: 1_000_000, burst: 1_000_000 };

/// Time that members have until their gateways take units in.
const PATIENCE: Duration = Duration::from_secs(30);

/// Running members.
pub struct Stand {
    /// The chain and the road.
    pub cluster: Cluster,
    /// The members.
    pub nodes: Vec<Node>,
}

impl Stand {
    /// Starts `members` members on folders under `home` that know `devices` devices.
    pub async fn start(home: &Path, members: u8, devices: u32) -> Result<Self> {
        // What the run before left to be written would slow this one's disk.
        Command::new("sync").status().context("`sync` can't be run")?;
        let cluster = Cluster::new(members, usize::from(members));
        for number in 1..=devices {
            let (device, mut resource) = registered(number, false);
            resource.load_max = Watts(10_000_000);
            cluster.chain.devices.lock().insert(DeviceId(number), (device, resource));
        }
        let mut nodes = Vec::new();
        for index in 0..members {
            let folder = home.join(index.to_string());
            std::fs::create_dir_all(&folder)?;
            let unlimited = |config: &mut loadstone_dag_node::GatewayConfig| {
                config.device_rate = NO_LIMIT;
                config.frame_rate = NO_LIMIT;
            };
            nodes.push(cluster.start(index, &folder, unlimited).await);
        }
        let stand = Self { cluster, nodes };
        stand.wait_until_open().await?;
        Ok(stand)
    }

    /// A member that has not heard of a quorum yet turns units away.
    async fn wait_until_open(&self) -> Result<()> {
        let start = Instant::now();
        for node in &self.nodes {
            while !node.handle.status()?.signing {
                if start.elapsed() > PATIENCE {
                    bail!("the members were not ready within {PATIENCE:?}");
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        Ok(())
    }

    /// Connections to all members' gateways, so many to each.
    pub fn lines(&self, each: usize) -> Result<Vec<Line>> {
        let clients = (0..each).flat_map(|_| self.nodes.iter().map(Node::client));
        clients.map(|client| client.map(Line::new).context("a member without a gateway")).collect()
    }

    /// Bytes that one member received on average.
    pub fn wire_bytes_per_member(&self) -> f64 {
        let members = 0..self.nodes.len() as u8;
        let sent: u64 = members.map(|node| self.cluster.switchboard.sent(node)).map(|s| s.bytes + s.answer_bytes).sum();
        sent as f64 / self.nodes.len() as f64
    }

    /// Ends the members; what they had written stays.
    pub async fn stop(self) {
        for (index, node) in (0u8..).zip(self.nodes) {
            self.cluster.kill(index, node).await;
        }
    }
}
