//! Why the service can't start.

use substrate_prometheus_endpoint::PrometheusError;

use crate::{chain::ChainError, counter::CounterError, store::StoreError};

/// Why the service can't start.
#[derive(Debug, thiserror::Error)]
pub enum DagError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The signing counter.
    #[error(transparent)]
    Counter(#[from] CounterError),
    /// The chain.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The metrics.
    #[error("the DAG's metrics can't be registered: {0}")]
    Metrics(#[from] PrometheusError),
    /// The gateway's port.
    #[error("the gateway can't listen: {0}")]
    Gateway(std::io::Error),
    /// A folder.
    #[error("the DAG's folder can't be made: {0}")]
    Folder(std::io::Error),
    /// The committee on chain.
    #[error("the chain has no committee that this node understands")]
    Committee,
}
