//! Counters of the DAG service: for `dag_status` always, for Prometheus where a registry is given.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
};

use loadstone_dag::Refusal;
use substrate_prometheus_endpoint::{
    register, Counter, CounterVec, Gauge, GaugeVec, Opts, PrometheusError, Registry, U64,
};

use crate::health::Health;

/// Names of the refusals in order of [`index`].
const REASONS: [&str; 10] = [
    "malformed",
    "oversize",
    "unknown_device",
    "revoked",
    "wrong_incarnation",
    "bad_signature",
    "gap",
    "fork",
    "out_of_range",
    "busy",
];

fn index(refusal: &Refusal) -> usize {
    match refusal {
        Refusal::Malformed => 0,
        Refusal::Oversize => 1,
        Refusal::UnknownDevice => 2,
        Refusal::Revoked => 3,
        Refusal::WrongIncarnation => 4,
        Refusal::BadSignature => 5,
        Refusal::Gap(_) => 6,
        Refusal::Fork => 7,
        Refusal::OutOfRange => 8,
        Refusal::Busy => 9,
    }
}

struct Exported {
    refused: CounterVec<U64>,
    accepted: Counter<U64>,
    confirmed: Counter<U64>,
    anchored: Counter<U64>,
    level: Gauge<U64>,
    epoch: Gauge<U64>,
    health: GaugeVec<U64>,
    connections: Gauge<U64>,
    turned_away: Counter<U64>,
}

/// What the service has counted since the node's start.
#[derive(Default)]
pub struct Counters {
    refused: [AtomicU64; REASONS.len()],
    accepted: AtomicU64,
    confirmed: AtomicU64,
    anchored: AtomicU64,
    level: AtomicU64,
    connections: AtomicU64,
    exported: Option<Exported>,
}

impl Counters {
    /// With metrics in `registry`, if there is one.
    pub fn new(registry: Option<&Registry>) -> Result<Self, PrometheusError> {
        let exported = registry.map(Exported::register).transpose()?;
        Ok(Self { exported, ..Self::default() })
    }

    /// A unit, or a frame that is none, was refused.
    pub fn refuse(&self, refusal: &Refusal) {
        let index = index(refusal);
        self.refused[index].fetch_add(1, Ordering::Relaxed);
        if let Some(exported) = &self.exported {
            exported.refused.with_label_values(&[REASONS[index]]).inc();
        }
    }

    /// A unit was taken in from a device.
    pub fn accept(&self) {
        self.accepted.fetch_add(1, Ordering::Relaxed);
        if let Some(exported) = &self.exported {
            exported.accepted.inc();
        }
    }

    /// `units` were confirmed.
    pub fn confirm(&self, units: u64) {
        self.confirmed.fetch_add(units, Ordering::Relaxed);
        if let Some(exported) = &self.exported {
            exported.confirmed.inc_by(units);
        }
    }

    /// `units` came into a finalised anchor.
    pub fn anchor(&self, units: u64) {
        self.anchored.fetch_add(units, Ordering::Relaxed);
        if let Some(exported) = &self.exported {
            exported.anchored.inc_by(units);
        }
    }

    /// The member's own level.
    pub fn set_level(&self, level: u64) {
        self.level.store(level, Ordering::Relaxed);
        if let Some(exported) = &self.exported {
            exported.level.set(level);
        }
    }

    /// The committee epoch.
    pub fn set_epoch(&self, epoch: u64) {
        if let Some(exported) = &self.exported {
            exported.epoch.set(epoch);
        }
    }

    /// The health: the gauge of its state is 1, all others are 0.
    pub fn set_health(&self, health: &Health) {
        if let Some(exported) = &self.exported {
            for (index, name) in Health::NAMES.iter().enumerate() {
                exported.health.with_label_values(&[*name]).set(u64::from(index == health.index()));
            }
        }
    }

    /// A connection was turned away because too many are open.
    pub fn turn_away(&self) {
        if let Some(exported) = &self.exported {
            exported.turned_away.inc();
        }
    }

    /// Open connections of devices.
    pub fn set_connections(&self, connections: u64) {
        self.connections.store(connections, Ordering::Relaxed);
        if let Some(exported) = &self.exported {
            exported.connections.set(connections);
        }
    }

    /// Refusals by reason; every reason is named.
    pub fn refusals(&self) -> BTreeMap<String, u64> {
        REASONS
            .iter()
            .zip(&self.refused)
            .map(|(name, count)| ((*name).to_owned(), count.load(Ordering::Relaxed)))
            .collect()
    }

    /// Units accepted, confirmed and anchored, the level, and the open connections.
    pub fn totals(&self) -> Totals {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Totals {
            accepted: read(&self.accepted),
            confirmed: read(&self.confirmed),
            anchored: read(&self.anchored),
            level: read(&self.level),
            connections: read(&self.connections),
        }
    }
}

/// A reading of the counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    /// Units taken in from devices.
    pub accepted: u64,
    /// Units seen confirmed.
    pub confirmed: u64,
    /// Units in finalised anchors.
    pub anchored: u64,
    /// Level of the newest witness.
    pub level: u64,
    /// Open connections of devices.
    pub connections: u64,
}

impl Exported {
    fn register(registry: &Registry) -> Result<Self, PrometheusError> {
        let refused =
            CounterVec::new(Opts::new("loadstone_dag_units_refused", "Units refused by reason"), &["reason"])?;
        let counter = |name: &str, help: &str| register(Counter::new(name, help)?, registry);
        let gauge = |name: &str, help: &str| register(Gauge::new(name, help)?, registry);
        let health = GaugeVec::new(Opts::new("loadstone_dag_health", "1 for the state the service is in"), &["state"])?;
        Ok(Self {
            refused: register(refused, registry)?,
            health: register(health, registry)?,
            epoch: gauge("loadstone_dag_epoch", "Committee epoch")?,
            accepted: counter("loadstone_dag_units_accepted", "Units taken in from devices")?,
            confirmed: counter("loadstone_dag_units_confirmed", "Units confirmed by the committee")?,
            anchored: counter("loadstone_dag_units_anchored", "Units in finalised anchors")?,
            level: gauge("loadstone_dag_level", "Level of the newest witness")?,
            connections: gauge("loadstone_dag_connections", "Open connections of devices")?,
            turned_away: counter("loadstone_dag_connections_turned_away", "Connections turned away as too many")?,
        })
    }
}
