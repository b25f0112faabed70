//! A member as the world runs it: state machine, disk, clock, and what it knows of the chain.

use std::{collections::BTreeMap, rc::Rc};

use loadstone_core::Millis;
use loadstone_dag::{Anchor, CheckedUnit, DeviceHead, LedgerState, Member};

use super::{clock::Clock, disk::Disk};
use crate::{keys::SeatCrypto, plan::Damage, seats::SeatSet};

/// What a face is doing.
pub enum Life {
    /// Crashed.
    Down,
    /// Runs, and is no member of the epoch that its disk is of.
    Idle,
    /// A member.
    Member(Box<Member<SeatCrypto>>),
}

/// Heads of a closing anchor on their way from other members.
pub struct Fetch {
    /// The epoch that begins with them.
    pub epoch: u32,
    /// The closing anchor.
    pub anchor: Anchor,
    /// Chunks that came.
    pub chunks: BTreeMap<u32, Vec<DeviceHead>>,
    /// How many there are, once known.
    pub total: Option<u32>,
    /// When to ask again.
    pub due: u64,
    /// Whom to ask next.
    pub attempts: usize,
}

/// One member; a Byzantine seat may have several.
pub struct Face {
    /// Its seat.
    pub seat: u16,
    /// Which of its seat's faces.
    pub ordinal: usize,
    /// Whom it hears and speaks to.
    pub hears: SeatSet,
    /// What it wrote.
    pub disk: Disk,
    /// What it does.
    pub life: Life,
    /// Its clock.
    pub clock: Clock,
    /// The chain's finalised state as it read it last.
    pub state: Option<Rc<LedgerState>>,
    /// Since when the chain is in a later epoch.
    pub behind_since: Option<u64>,
    /// Heads on their way.
    pub fetch: Option<Fetch>,
    /// Units to introduce as soon as it is a member.
    pub leftover: Vec<CheckedUnit>,
    /// It lost what it wrote: nothing that it signs later is held against it.
    pub excused: bool,
    /// Effects left before it crashes, for how long, and with what damage.
    pub fuse: Option<(u32, u64, Damage)>,
}

impl Face {
    /// A face that was never started.
    pub fn new(seat: u16, ordinal: usize, hears: SeatSet, clock: Clock) -> Self {
        Self {
            seat,
            ordinal,
            hears,
            disk: Disk::default(),
            life: Life::Down,
            clock,
            state: None,
            behind_since: None,
            fetch: None,
            leftover: Vec::new(),
            excused: false,
            fuse: None,
        }
    }

    /// The state machine, if it is a member.
    pub fn member(&self) -> Option<&Member<SeatCrypto>> {
        match &self.life {
            Life::Member(member) => Some(member),
            _ => None,
        }
    }

    /// The state machine to be changed, with its time.
    pub fn member_at(&mut self, now: u64) -> Option<(&mut Member<SeatCrypto>, Millis)> {
        let time = self.clock.at(now);
        match &mut self.life {
            Life::Member(member) => Some((member, time)),
            _ => None,
        }
    }

    /// Epoch of the state machine, or of the disk.
    pub fn epoch(&self) -> u32 {
        self.member().map_or(self.disk.epoch(), |member| member.config().epoch)
    }

    /// Whether it was not crashed.
    pub fn is_up(&self) -> bool {
        !matches!(self.life, Life::Down)
    }
}
