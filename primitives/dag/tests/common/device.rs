//! Devices: they sign units, keep them until anchored, and send them again. Some fork.

use std::collections::{BTreeMap, BTreeSet};

use loadstone_core::{DeviceId, Hash, Incarnation, Watts};
use loadstone_dag::{CheckedUnit, DeviceDirectory, DeviceInfo, Slot, Unit};

use super::{build::unit, crypto::device_key};

pub struct Device {
    number: u32,
    next: u64,
    last: Hash,
    /// Sent and not seen in an anchor.
    pub kept: BTreeMap<Slot, Unit>,
    pub forks: bool,
}

impl Device {
    pub fn new(number: u32, forks: bool) -> Self {
        Self { number, next: 0, last: Hash::zero(), kept: BTreeMap::new(), forks }
    }

    /// The next unit; a forking device signs a second one for the same place now and then.
    pub fn measure(&mut self, watts: i64) -> Option<Unit> {
        let made = unit(self.number, self.next, self.last, watts);
        let rival = (self.forks && self.next % 4 == 2).then(|| unit(self.number, self.next, self.last, watts + 1));
        self.next += 1;
        self.last = made.id();
        self.kept.insert(made.unit().content.slot, made.into_unit());
        rival.map(CheckedUnit::into_unit)
    }

    pub fn forget_anchored(&mut self, anchored: &BTreeSet<Slot>) {
        self.kept.retain(|slot, _| !anchored.contains(slot));
    }
}

/// All devices below a number are registered.
pub struct Devices(pub u32);

impl DeviceDirectory for Devices {
    fn device(&self, id: DeviceId) -> Option<DeviceInfo> {
        (id.0 < self.0).then(|| DeviceInfo {
            key: device_key(id.0),
            incarnation: Incarnation(0),
            revoked: false,
            load_min: Watts(0),
            load_max: Watts(100_000),
        })
    }
}
