//! Orders of one direction: which one binds, and the level that follows from it.
//!
//! Levels, not edges: nothing happens because an order arrives. At every moment the level is a
//! function of the highest order seen, of chain time and of what is proven about the node's share.

use crate::types::{EventFacts, Guard, Identity, Level};
use loadstone_core::{AnchorNumber, AreaId, Direction, EventId, Millis, Watts};
use loadstone_market::{
    baseline::{meter_before, Basis, Reading},
    setpoint::{emergency_quota, setpoint, Ask},
    Availability, BaselineMethod, Event, Order, OrderRule, Programme, Reach,
};

/// Readings that an emergency order's reference needs: the last one.
const REFERENCE_READINGS: u16 = 1;

/// What the desk needs next to know the node's share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Nothing,
    Event(EventId),
    Programme(loadstone_core::ProgrammeId, loadstone_core::ProgrammeVersion),
    /// Own readings in units of anchors up to this one, as far back as told.
    Readings(AnchorNumber, Reach),
}

/// What an order read from the chain changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// Nothing: it is the one known already, or there is none.
    Known,
    /// A new order; the one before it, if it still ran, has ended.
    New { ended: Option<Ended> },
    /// It violates a condition.
    Refused(String),
}

/// An order that a completion is due for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) sequence: u64,
    pub(crate) setpoint: Watts,
}

/// The node's share in the current order, as far as it is proven.
#[derive(Debug)]
enum Share {
    Unknown,
    /// The order asks nothing of this node.
    None,
    Event {
        facts: Box<EventFacts>,
        ask: Ask,
        method: Option<BaselineMethod>,
    },
    Emergency {
        quota: Watts,
    },
}

/// Orders of one direction.
#[derive(Debug)]
pub(crate) struct Desk {
    area: AreaId,
    guard: Guard,
    share: Share,
    /// Whether the event is to be read again: a later order of it stands.
    outdated: bool,
    /// Load without regulation in each of the event's intervals, or one load of an emergency.
    reference: Option<Vec<Watts>>,
    /// Whether a missing reference was told of.
    warned: bool,
    asserted: Watts,
}

impl Desk {
    /// Continues after a restart: the highest sequence stays, the share is proven anew.
    pub(crate) fn new(area: AreaId, direction: Direction, saved: Option<Guard>) -> Self {
        let guard = saved.unwrap_or(Guard { direction, sequence: 0, order: None, received: false, completed: true });
        Self { area, guard, share: Share::Unknown, outdated: false, reference: None, warned: false, asserted: Watts(0) }
    }

    /// What must survive a restart.
    pub(crate) fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Whether this order is here already with the node's share in it.
    pub(crate) fn knows(&self, order: &Order) -> bool {
        self.guard.order.as_ref() == Some(order) && !matches!(self.share, Share::Unknown)
    }

    /// Takes the order that stands on chain at a head which is not older than any before.
    pub(crate) fn on_order(&mut self, order: Option<Order>, availability: Option<&Availability>) -> Arrival {
        let Some(order) = order else { return Arrival::Known };
        if order.area != self.area || order.direction != self.guard.direction {
            return Arrival::Refused(format!("an order of area {} stands where one of {} must", order.area, self.area));
        }
        if order.sequence < self.guard.sequence {
            let (got, known) = (order.sequence, self.guard.sequence);
            return Arrival::Refused(format!("order {got} comes after order {known}: sequences never go back"));
        }
        if self.knows(&order) {
            return Arrival::Known;
        }
        let known = self.guard.order.as_ref() == Some(&order);
        self.take_share(&order, availability);
        if known {
            return Arrival::Known;
        }
        let ended = self.end();
        let (direction, sequence) = (order.direction, order.sequence);
        self.guard = Guard { direction, sequence, order: Some(order), received: false, completed: true };
        Arrival::New { ended }
    }

    /// Sets the share to what is known of it under `order`, which stands in the place of the one before.
    fn take_share(&mut self, order: &Order, availability: Option<&Availability>) {
        let is_event = matches!(order.rule, OrderRule::Event(_));
        let is_same = self.guard.order.as_ref().is_some_and(|before| before.rule == order.rule);
        self.outdated = is_event && is_same && matches!(self.share, Share::Event { .. });
        if self.outdated {
            // Its reserve may have been called. Until that is read the load is held at the level that is known.
            return;
        }
        self.share = match &order.rule {
            OrderRule::Event(_) => Share::Unknown,
            rule @ OrderRule::Emergency { .. } => match availability.map(|entries| emergency_quota(entries, rule)) {
                Some(quota) if quota.0 > 0 => Share::Emergency { quota },
                _ => Share::None,
            },
            OrderRule::Release => Share::None,
        };
        self.reference = None;
        self.warned = false;
    }

    /// Takes an event with what concerns the own resource; `None` when it or its clearing does not exist.
    pub(crate) fn on_event(&mut self, id: EventId, facts: Option<EventFacts>) {
        if self.need() != Need::Event(id) {
            return;
        }
        self.outdated = false;
        let method = match &mut self.share {
            Share::Event { method, .. } => method.take(),
            _ => None,
        };
        self.share = match facts.map(|facts| (Ask::new(&facts.clearing, &facts.segments), facts)) {
            Some((ask, facts)) if is_asked(&ask, &facts.event) => Share::Event { facts: Box::new(facts), ask, method },
            _ => Share::None,
        };
    }

    /// Takes the programme that tells the baseline's method.
    pub(crate) fn on_programme(&mut self, need: Need, programme: Option<&Programme>) {
        if self.need() != need {
            return;
        }
        if let Share::Event { method, .. } = &mut self.share {
            match programme {
                Some(programme) => *method = Some(programme.baseline.clone()),
                None => self.share = Share::None,
            }
        }
    }

    /// Takes own readings in units of anchors up to `anchor`, oldest first. Returns the order's sequence,
    /// once, when they leave it without a reference load.
    pub(crate) fn on_readings(&mut self, anchor: AnchorNumber, readings: &[Reading]) -> Option<u64> {
        if self.source()?.0 != anchor {
            return None;
        }
        let reference = match (&self.share, &self.guard.order) {
            (Share::Event { facts, method: Some(method), .. }, _) => {
                Basis { event: &facts.event, past: &facts.past, before: readings }.reference(method)
            }
            (Share::Emergency { .. }, Some(order)) => {
                let earlier = readings.iter().filter(|reading| reading.at < order.end);
                meter_before(earlier.copied().map(Into::into), REFERENCE_READINGS).map(|load| vec![load])
            }
            _ => None,
        };
        self.reference = reference.or(self.reference.take());
        if self.reference.is_some() || self.warned {
            return None;
        }
        self.warned = true;
        Some(self.guard.sequence)
    }

    /// Where the reference load comes from: anchors up to this one, readings as far back as told.
    pub(crate) fn source(&self) -> Option<(AnchorNumber, Reach)> {
        let order = self.guard.order.as_ref()?;
        match &self.share {
            Share::Event { facts, method: Some(method), .. } => Some((facts.event.baseline_anchor, method.reach())),
            Share::Emergency { .. } => Some((order.reference_anchor, Reach::Last(REFERENCE_READINGS))),
            _ => None,
        }
    }

    /// What to ask for next.
    pub(crate) fn need(&self) -> Need {
        match (&self.share, self.guard.order.as_ref().map(|order| &order.rule)) {
            (Share::Unknown, Some(OrderRule::Event(id))) => Need::Event(*id),
            (Share::Event { .. }, Some(OrderRule::Event(id))) if self.outdated => Need::Event(*id),
            (Share::Event { facts, method: None, .. }, _) => {
                Need::Programme(facts.event.programme, facts.event.version)
            }
            _ => match (&self.reference, self.source()) {
                (None, Some((anchor, reach))) => Need::Readings(anchor, reach),
                _ => Need::Nothing,
            },
        }
    }

    /// Whether the order is proven to ask nothing of this node.
    pub(crate) fn is_uncalled(&self) -> bool {
        matches!(self.share, Share::None)
    }

    /// Whether an order that concerns this node binds at `now`.
    pub(crate) fn is_live(&self, now: Millis) -> bool {
        self.guard.order.as_ref().is_some_and(|order| order.is_valid_at(now))
            && matches!(self.share, Share::Event { .. } | Share::Emergency { .. })
    }

    /// The event that readings at `now` belong to.
    pub(crate) fn event(&self, now: Millis) -> Option<EventId> {
        match self.guard.order.as_ref().map(|order| &order.rule) {
            Some(OrderRule::Event(id)) if self.is_live(now) => Some(*id),
            _ => None,
        }
    }

    /// When the order was issued: of two directions at once the later order binds.
    pub(crate) fn issued_at(&self) -> Millis {
        self.guard.order.as_ref().map(|order| order.issued_at).unwrap_or_default()
    }

    /// The level to hold at `now`; `None` when no order binds, or none that asks anything now.
    pub(crate) fn level(&mut self, now: Millis, identity: &Identity) -> Option<Level> {
        if !self.is_live(now) {
            return None;
        }
        let (interval, quota) = match &self.share {
            Share::Event { facts, ask, .. } => {
                let interval = facts.event.interval_at(now)?;
                (interval, ask.quota(&facts.event, interval))
            }
            Share::Emergency { quota } => (0, *quota),
            Share::Unknown | Share::None => return None,
        };
        if quota.0 <= 0 {
            return None;
        }
        let direction = self.guard.direction;
        let reference = *self.reference.as_ref()?.get(interval)?;
        let watts = setpoint(reference, quota, direction, identity.load_min, identity.load_max);
        self.asserted = watts;
        Some(Level { direction, sequence: self.guard.sequence, watts })
    }

    /// Marks the order as acknowledged; false when it was before.
    pub(crate) fn receive(&mut self) -> bool {
        if self.guard.received {
            return false;
        }
        self.guard.received = true;
        self.guard.completed = false;
        true
    }

    /// Ends the order when its time is over by `now`.
    pub(crate) fn expire(&mut self, now: Millis) -> Option<Ended> {
        let over = self.guard.order.as_ref().is_some_and(|order| now >= order.end);
        if over {
            self.end()
        } else {
            None
        }
    }

    fn end(&mut self) -> Option<Ended> {
        if self.guard.completed {
            return None;
        }
        self.guard.completed = true;
        Some(Ended { sequence: self.guard.sequence, setpoint: self.asserted })
    }
}

/// Whether the event asks anything of the resource, at any time.
fn is_asked(ask: &Ask, event: &Event) -> bool {
    (0..event.needs.len()).any(|interval| ask.power(event, interval).0 > 0)
}
