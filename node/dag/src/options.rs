//! Options of the service: the gateway for devices, and what is kept.

use std::net::{IpAddr, SocketAddr};

use clap::Args;

use crate::{GatewayConfig, Keeping, Rate};

/// How devices are served.
#[derive(Clone, Debug, Args)]
pub struct GatewayArgs {
    /// Port on which devices hand in their units over WebSocket; without it this node is no gateway.
    #[arg(long, value_name = "PORT")]
    pub gateway_port: Option<u16>,

    /// Address on which the gateway listens. Anyone who reaches it may connect, but only units signed
    /// by a registered device's key are taken in.
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    pub gateway_address: IpAddr,

    /// Greatest number of open connections of devices.
    #[arg(long, value_name = "COUNT", default_value_t = 4_096)]
    pub gateway_connections: u32,

    /// Greatest number of open connections from one address; more where many devices share one.
    #[arg(long, value_name = "COUNT", default_value_t = 256)]
    pub gateway_connections_per_address: u32,

    /// Units a second that one device may send; twenty times as many at once, so that it can catch up.
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub gateway_device_rate: u32,
}

impl GatewayArgs {
    /// The gateway's configuration, if this node is one.
    pub fn config(&self) -> Option<GatewayConfig> {
        let mut config = GatewayConfig::new(SocketAddr::new(self.gateway_address, self.gateway_port?));
        config.max_connections = self.gateway_connections as usize;
        config.max_connections_per_address = self.gateway_connections_per_address as usize;
        let per_second = self.gateway_device_rate;
        config.device_rate = Rate { per_second, burst: per_second.saturating_mul(20) };
        Some(config)
    }
}

/// What is kept, and where.
#[derive(Clone, Debug, Default, Args)]
pub struct KeepingArgs {
    /// Folder or file:// URL of the archive, into which units go once they are anchored. Without it
    /// nothing is archived. A failure of the archive stops nothing: `keeping` of `dag_status` shows it.
    #[arg(long, value_name = "PLACE", value_parser = archive_place)]
    pub dag_archive: Option<String>,

    /// Newest anchors whose units stay in the database, about one a second: at least as many as disputes
    /// and baselines look back. Older epochs are dropped whole, with an archive only once they are in it.
    /// Without a number everything stays.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub dag_keep_anchors: Option<u32>,
}

impl KeepingArgs {
    /// What the service is told.
    pub fn keeping(&self) -> Keeping {
        Keeping { archive: self.dag_archive.clone(), anchors: self.dag_keep_anchors }
    }
}

/// A place that could be an archive.
fn archive_place(text: &str) -> Result<String, String> {
    loadstone_archive::folder_of(text).map(|_| text.to_owned()).map_err(|error| error.to_string())
}
