//! JSON-RPC of the clock.

use jsonrpsee::{core::RpcResult, proc_macros::rpc};

use crate::{ClockGuard, ClockStatus};

/// The methods.
#[rpc(server, namespace = "clock")]
pub trait ClockApi {
    /// How far this validator's clock is off, by the other validators'.
    #[method(name = "status")]
    fn status(&self) -> RpcResult<ClockStatus>;
}

/// The methods over the running watch.
pub struct ClockRpc {
    guard: ClockGuard,
}

impl ClockRpc {
    /// Over `guard`.
    pub fn new(guard: ClockGuard) -> Self {
        Self { guard }
    }
}

impl ClockApiServer for ClockRpc {
    fn status(&self) -> RpcResult<ClockStatus> {
        Ok(self.guard.status())
    }
}
