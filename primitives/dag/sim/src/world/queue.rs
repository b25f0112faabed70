//! What will happen, in order of time.

use std::{collections::BTreeMap, rc::Rc};

use loadstone_dag::LedgerState;

use super::packet::Packet;
use crate::plan::Damage;

/// Something that happens at a moment.
pub enum Event {
    /// A notification by a face of this ordinal reaches a seat.
    Note { from: u16, ordinal: usize, to: u16, packet: Rc<Packet> },
    /// A face tries once more to understand a notification.
    Again { from: u16, face: usize, packet: Rc<Packet>, attempts: u8 },
    /// A request by a face reaches a seat.
    Request { from: u16, face: usize, to: u16, packet: Rc<Packet> },
    /// An answer reaches the face that asked.
    Response { from: u16, face: usize, packet: Rc<Packet> },
    /// A device's frame reaches a seat's gateway.
    Frame { to: u16, device: u32, bytes: Vec<u8> },
    /// A face reads the chain's finalised state.
    State { face: usize, state: Rc<LedgerState> },
    /// A face's clock ticks.
    Tick(usize),
    /// A Byzantine face's strategy acts by itself.
    Scheme(usize),
    /// The chain makes a block.
    Block,
    /// A device measures.
    Measure(u32),
    /// A device sends again what is not anchored.
    Resend(u32),
    /// A device's owner registers another life of it.
    Reset(u32),
    /// A seat's next effects are its last for a while.
    Crash { seat: u16, pause: u64, damage: Damage },
    /// A face starts from its disk.
    Start(usize),
    /// The chain opens the closing of its epoch.
    Close { leaves: bool, joins: bool },
}

/// Events by time, those of one moment in the order in which they were added.
#[derive(Default)]
pub struct Queue {
    events: BTreeMap<(u64, u64), Event>,
    count: u64,
}

impl Queue {
    /// Adds an event.
    pub fn push(&mut self, at: u64, event: Event) {
        self.count += 1;
        self.events.insert((at, self.count), event);
    }

    /// Takes the next event with its time.
    pub fn pop(&mut self) -> Option<(u64, Event)> {
        self.events.pop_first().map(|((at, _), event)| (at, event))
    }
}
