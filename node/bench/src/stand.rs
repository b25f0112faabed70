//! A committee of shipped services in this process, and a client at each gateway.

use std::path::Path;

use anyhow::{Context, Result};
use loadstone_core::{DeviceId, Watts};
use loadstone_dag_node::{
    testing::{registered, Client, Cluster, Node},
    Rate,
};

/// Far above what the machine carries: the devices' quota is not what is measured.
const NO_LIMIT: Rate = Rate { per_second: 1_000_000, burst: 1_000_000 };

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
        Ok(Self { cluster, nodes })
    }

    /// A connection to each member's gateway.
    pub fn clients(&self) -> Result<Vec<Client>> {
        self.nodes.iter().map(|node| node.client().context("a member without a gateway")).collect()
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
