//! What the worker tells everyone else of how it is doing.

use std::sync::atomic::Ordering;

use loadstone_core::Level;

use crate::{health::Health, status::View, worker::Running};

impl Running {
    /// Sets everything that others see.
    pub fn show(&self) {
        let health = self.assess();
        if self.worker.health.set(health.clone()) {
            log::info!(target: crate::LOG, "health: {} {}", health.name(), health.reason().unwrap_or_default());
        }
        let health = self.worker.health.get();
        let status = self.worker.seat.status();
        let level = status.and_then(|status| status.newest).map_or(Level(0), |newest| newest.level);
        self.worker.counters.set_level(level.0.into());
        self.worker.counters.set_epoch(self.seated.unwrap_or_default().into());
        self.worker.counters.set_health(&health);
        let me = self.worker.seat.me();
        self.worker.door.change(|plate| {
            plate.member = me;
            plate.is_open = health.is_open();
            plate.is_behind = self.is_behind;
        });
        let mut view = self.worker.view.write();
        let keeping = view.keeping.take();
        *view = View {
            member: me,
            epoch: self.seated.unwrap_or_default(),
            health,
            peers: self.worker.messenger.connected(),
            finalised: self.worker.head.borrow().number,
            keeping,
        };
    }

    fn assess(&self) -> Health {
        let (me, status) = (self.worker.seat.me(), self.worker.seat.status());
        if self.worker.diverged.load(Ordering::Relaxed) {
            return Health::Diverged;
        }
        match (self.state.is_some(), self.seated, status) {
            (false, ..) => Health::Starting,
            (true, Some(_), None) if me.is_none() => Health::NoMember,
            (true, None, None) if !self.is_validator => Health::NoMember,
            (true, None, _) | (true, _, None) => Health::CatchingUp,
            (true, _, Some(status)) if status.mute => {
                Health::Mute("another member holds a witness of ours that we lost".into())
            }
            (true, _, Some(_)) => self.mute.clone().map_or(Health::Good, Health::Mute),
        }
    }
}
