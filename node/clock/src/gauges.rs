//! The clock's figures for Prometheus.

use substrate_prometheus_endpoint::{register, Gauge, PrometheusError, Registry, I64, U64};

use crate::ClockStatus;

pub(crate) struct Gauges {
    deviation: Gauge<I64>,
    error: Gauge<I64>,
    peers: Gauge<U64>,
    guarded: Gauge<U64>,
}

impl Gauges {
    pub(crate) fn register(registry: &Registry) -> Result<Self, PrometheusError> {
        let signed = |name: &str, help: &str| register(Gauge::new(name, help)?, registry);
        let count = |name: &str, help: &str| register(Gauge::new(name, help)?, registry);
        Ok(Self {
            deviation: signed(
                "loadstone_clock_deviation_ms",
                "Milliseconds to be added to this node's clock by the other validators'; 0 while unknown",
            )?,
            error: signed(
                "loadstone_clock_error_ms",
                "By how much the deviation may be wrong at most, in milliseconds; -1 while the deviation is unknown",
            )?,
            peers: count("loadstone_clock_peers", "Other validators whose clocks were seen within a minute")?,
            guarded: count("loadstone_clock_guarded", "1 while no blocks are made because the clock is far off")?,
        })
    }

    pub(crate) fn set(&self, status: &ClockStatus) {
        self.deviation.set(status.deviation_ms.unwrap_or(0));
        self.error.set(status.error_ms.unwrap_or(-1));
        self.peers.set(status.peers as u64);
        self.guarded.set(u64::from(status.guarded));
    }
}
