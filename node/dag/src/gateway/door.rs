//! The gateway's door: whether units are taken in, and what devices are told when they are not.

use std::sync::Arc;

use loadstone_core::MemberIndex;
use parking_lot::RwLock;

/// What stands at the door.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Doorplate {
    /// The member behind the gateway; none on a node that is no member in this epoch.
    pub member: Option<MemberIndex>,
    /// Whether units are taken in. Where not, devices are told that the gateway is busy.
    pub is_open: bool,
    /// Whether finalised history is missing here, so that a gap can't be told.
    pub is_behind: bool,
    /// Addresses of members' gateways, for devices that are turned away.
    pub elsewhere: Vec<String>,
}

/// Set by the worker, read by connections; cheap to clone.
#[derive(Clone, Default)]
pub struct Door(Arc<RwLock<Doorplate>>);

impl Door {
    /// What stands there now.
    pub fn read(&self) -> Doorplate {
        self.0.read().clone()
    }

    /// Whether units are taken in.
    pub fn is_open(&self) -> bool {
        self.0.read().is_open
    }

    /// Whether a gap may be the gateway's own.
    pub fn is_behind(&self) -> bool {
        self.0.read().is_behind
    }

    /// Changes what stands there.
    pub fn change(&self, change: impl FnOnce(&mut Doorplate)) {
        change(&mut self.0.write());
    }
}
