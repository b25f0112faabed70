//! How the service is doing, for people, metrics and the gateway's door.

use std::sync::Arc;

use parking_lot::RwLock;

/// What keeps this node from taking full part, the gravest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Health {
    /// Not known yet: the chain has not been read.
    #[default]
    Starting,
    /// It takes units in and signs.
    Good,
    /// It is no member of the committee of this epoch.
    NoMember,
    /// It fetches anchored history from others before it takes part.
    CatchingUp,
    /// It follows and serves, but signs nothing, for this reason.
    Mute(String),
    /// The chain finalised an anchor that this node computes otherwise.
    Diverged,
    /// Its disk failed, as said. It accepts and signs nothing until it is started again.
    Failed(String),
}

impl Health {
    /// Names of all states, for metrics.
    pub const NAMES: [&'static str; 7] = ["starting", "good", "no_member", "catching_up", "mute", "diverged", "failed"];

    /// The state's name.
    pub fn name(&self) -> &'static str {
        Self::NAMES[self.index()]
    }

    /// The state's place among [`Self::NAMES`].
    pub fn index(&self) -> usize {
        match self {
            Self::Starting => 0,
            Self::Good => 1,
            Self::NoMember => 2,
            Self::CatchingUp => 3,
            Self::Mute(_) => 4,
            Self::Diverged => 5,
            Self::Failed(_) => 6,
        }
    }

    /// What there is to say beyond the name.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Mute(reason) | Self::Failed(reason) => Some(reason),
            _ => None,
        }
    }

    /// Whether units are taken in from devices. A mute member's would never be introduced.
    pub fn is_open(&self) -> bool {
        *self == Self::Good
    }
}

/// The health as everyone sees it; cheap to clone. What has failed stays so.
#[derive(Clone, Default)]
pub struct HealthBoard(Arc<RwLock<Health>>);

impl HealthBoard {
    /// The health now.
    pub fn get(&self) -> Health {
        self.0.read().clone()
    }

    /// Sets it, unless the disk failed. Returns whether it changed.
    pub fn set(&self, health: Health) -> bool {
        let mut now = self.0.write();
        if matches!(*now, Health::Failed(_)) || *now == health {
            return false;
        }
        *now = health;
        true
    }

    /// Whether the disk failed.
    pub fn is_failed(&self) -> bool {
        matches!(*self.0.read(), Health::Failed(_))
    }
}
