//! Devices and gateways: measuring, sending, sending again, and what is let in.

use codec::Encode;
use loadstone_core::{DeviceId, PublicKey, Watts};
use loadstone_dag::{
    decode_device_message, Admission, CheckedUnit, DeviceDirectory, DeviceInfo, DeviceMessage, Reference,
    SignedMessage, Slot, Unit, UnitGate,
};
use rand::Rng;

use super::{queue::Event, World};
use crate::{
    device::{Device, Manner, Reading},
    keys::GENESIS,
    record::Accepted,
    seats::SeatSet,
    strategy::unit_id,
};

/// Units a second that a gateway takes from one device, and at once.
const QUOTA: (u64, u64) = (40, 256);

/// Time between two attempts of a device.
const RESEND_MS: u64 = 700;

/// Time from the reset of a device to its first unit.
const REBIRTH_MS: u64 = 600;

/// Delay between device and gateway.
const ROAD_MS: std::ops::Range<u64> = 5..60;

/// Units that a device may still send.
pub struct Quota {
    left: u64,
    at: u64,
}

impl Default for Quota {
    fn default() -> Self {
        Self { left: QUOTA.1, at: 0 }
    }
}

impl Quota {
    /// How many of `wanted` units may pass.
    fn take(&mut self, wanted: u64, now: u64) -> u64 {
        let earned = (now - self.at) * QUOTA.0 / 1_000;
        if earned > 0 {
            (self.left, self.at) = ((self.left + earned).min(QUOTA.1), now);
        }
        let taken = wanted.min(self.left);
        self.left -= taken;
        taken
    }
}

struct Registry<'a>(&'a [Device]);

impl DeviceDirectory for Registry<'_> {
    fn device(&self, id: DeviceId) -> Option<DeviceInfo> {
        let device = self.0.get(id.0 as usize).filter(|device| device.manner != Manner::Stranger)?;
        Some(DeviceInfo {
            key: device.key(),
            incarnation: device.registered,
            revoked: false,
            load_min: Watts(0),
            load_max: Watts(100_000),
        })
    }
}

impl World {
    pub(super) fn device_key(&self, device: DeviceId) -> Option<PublicKey> {
        Registry(&self.devices).device(device).map(|info| info.key)
    }

    pub(super) fn is_honest_device(&self, device: DeviceId) -> bool {
        self.devices.get(device.0 as usize).is_some_and(|device| device.manner.is_honest())
    }

    pub(super) fn on_measure(&mut self, number: u32) {
        if self.now >= self.plan.measure_ms {
            return;
        }
        if self.devices[number as usize].is_reset() && !self.begin_life(number) {
            self.queue.push(self.now + self.plan.unit_every_ms, Event::Measure(number));
            return;
        }
        let references = self.references(number);
        let reading = Reading { watts: self.rng.gen_range(0..90_000), count: self.rng.gen_range(1..=4), references };
        let device = &mut self.devices[number as usize];
        let manner = device.manner;
        let (unit, rival) = device.measure(&reading, self.now);
        for made in [Some(&unit), rival.as_ref()].into_iter().flatten() {
            self.record.refer(unit_id(made), &made.content.references);
        }
        match rival {
            Some(rival) => self.send_both(number, unit, rival),
            None => {
                let to = self.first_gateway(number);
                self.send_frame(number, to, vec![unit]);
            }
        }
        let pause = if manner == Manner::Flooding { 8 } else { self.plan.unit_every_ms };
        self.queue.push(self.now + pause, Event::Measure(number));
    }

    /// Two units of one place go to gateways in different halves, each with what it stands on.
    fn send_both(&mut self, device: u32, unit: Unit, rival: Unit) {
        let place = unit.content.slot;
        self.conspiracy.rivals.insert(place, rival.clone());
        self.record.fork(place, unit_id(&unit), unit_id(&rival));
        let kept = &self.devices[device as usize].kept;
        let before: Vec<Unit> = kept.range(..place).map(|(_, kept)| kept.unit.clone()).collect();
        for (half, last) in [unit, rival].into_iter().enumerate() {
            let to = self.gateway_among(self.plan.halves[half]);
            let units = before.iter().cloned().chain([last]).collect();
            self.send_frame(device, to, units);
        }
    }

    /// A reset device begins its new life from nothing, once no more of the old one is on its way.
    fn begin_life(&mut self, number: u32) -> bool {
        let late = self.resets.get(&number).is_some_and(|at| self.now > at + REBIRTH_MS);
        if late {
            self.devices[number as usize].begin_life();
        }
        late
    }

    /// What a unit buries: the newest witness of some member, and another device's newest unit.
    fn references(&mut self, device: u32) -> Vec<Reference> {
        if !self.plan.references {
            return Vec::new();
        }
        let face = self.rng.gen_range(0..self.faces.len());
        let witness = self.faces[face].member().and_then(|member| member.status().newest);
        let witness = witness.map(|newest| Reference::Witness(newest.member, newest.level, newest.hash));
        let other = self.rng.gen_range(0..self.devices.len());
        let unit = Some(&self.devices[other]).filter(|other| other.number != device).and_then(Device::newest);
        witness.into_iter().chain(unit).collect()
    }

    /// The owner of a device that forked registers another life of it.
    pub(super) fn reset(&mut self, number: u32) {
        let device = &mut self.devices[number as usize];
        device.registered = device.registered.next();
        self.resets.insert(number, self.now);
        self.trace.add(self.now, || format!("device {number} is reset"));
    }

    /// Sends everything that is not anchored to the gateways of f + 1 members, and the next time to others.
    pub(super) fn on_resend(&mut self, number: u32) {
        let device = &mut self.devices[number as usize];
        let record = &self.record;
        let eclipsed = device.manner == Manner::Eclipsed;
        let mut slowest = 0;
        device.forget(|slot| record.anchored(slot).is_some());
        if eclipsed {
            slowest = device.kept.values().map(|kept| self.now - kept.made_at).max().unwrap_or_default();
        }
        self.record.figures.eclipsed_ms = self.record.figures.eclipsed_ms.max(slowest);
        let trusting = self.plan.trusting;
        let units = device.oldest(|unit| !(trusting && record_confirms(&self.record, unit)));
        if !units.is_empty() {
            let attempt = device.attempts;
            device.attempts += 1;
            for to in self.gateways(number, attempt) {
                self.send_frame(number, to, units.clone());
            }
        }
        self.queue.push(self.now + RESEND_MS, Event::Resend(number));
    }

    /// Gateways of f + 1 members, moving on with each attempt.
    fn gateways(&self, device: u32, attempt: u32) -> Vec<u16> {
        let sitting = self.chain.sitting();
        let count = (sitting.len() - 1) / 3 + 1;
        let first = device as usize + attempt as usize * count;
        (first..first + count).map(|at| sitting[at % sitting.len()]).collect()
    }

    fn first_gateway(&mut self, device: u32) -> u16 {
        match self.devices[device as usize].manner {
            Manner::Eclipsed | Manner::Stranger if !self.plan.villains.is_empty() => {
                self.gateway_among(self.plan.villains)
            }
            _ => {
                let sitting = self.chain.sitting();
                sitting[device as usize % sitting.len()]
            }
        }
    }

    fn gateway_among(&mut self, seats: SeatSet) -> u16 {
        let sitting: Vec<u16> = self.chain.sitting().iter().copied().filter(|seat| seats.contains(*seat)).collect();
        match sitting.is_empty() {
            true => self.chain.sitting()[0],
            false => sitting[self.rng.gen_range(0..sitting.len())],
        }
    }

    fn send_frame(&mut self, device: u32, to: u16, units: Vec<Unit>) {
        let bytes = DeviceMessage::Submit(units).encode();
        let delay = self.rng.gen_range(ROAD_MS);
        let lost = self.now < self.plan.heal_ms && self.rng.gen_range(0..100) < self.plan.links.loss;
        if !lost {
            self.queue.push(self.now + delay, Event::Frame { to, device, bytes });
        }
    }

    pub(super) fn on_frame(&mut self, to: u16, device: u32, bytes: &[u8]) {
        let Ok(DeviceMessage::Submit(mut units)) = decode_device_message(bytes) else { return };
        let passed = self.quotas.entry((to, device)).or_default().take(units.len() as u64, self.now);
        self.record.figures.over_quota += (units.len() as u64).saturating_sub(passed);
        units.truncate(passed as usize);
        for face in self.faces_of(to) {
            self.admit(face, units.clone());
        }
    }

    fn admit(&mut self, face: usize, units: Vec<Unit>) {
        let (seat, honest, now) = (self.faces[face].seat, self.is_honest(face), self.now);
        let Some(member) = self.faces[face].member() else { return };
        let scheme = self.plan.scheme;
        let verify = |messages: &[SignedMessage]| {
            messages.iter().map(|(key, message, signature)| scheme.verify(key, message, signature)).collect()
        };
        let registry = Registry(&self.devices);
        let answers = UnitGate::new(GENESIS, &registry, member).admit_all(units.clone(), verify);
        let mut new = Vec::new();
        for ((slot, answer), unit) in answers.into_iter().zip(units) {
            match answer {
                Ok(Admission::New(unit)) => {
                    if honest {
                        self.acknowledge(seat, slot, unit.id(), now);
                    }
                    new.push(unit);
                }
                Ok(Admission::Known(id)) if honest => self.acknowledge(seat, slot, id, now),
                Err(_) if !honest => self.scheme(face, |strategy, lair| strategy.on_refused(lair, unit)),
                _ => {}
            }
        }
        self.introduce(face, new, honest);
    }

    fn introduce(&mut self, face: usize, mut units: Vec<CheckedUnit>, honest: bool) {
        if !honest {
            self.scheme(face, |strategy, lair| {
                let accepted = std::mem::take(&mut units);
                units = strategy.on_units(lair, accepted);
            });
        }
        self.with(face, |member, now| member.introduce(units, now));
    }

    fn acknowledge(&mut self, seat: u16, slot: Slot, unit: loadstone_core::Hash, at: u64) {
        // A device forks in its first life only: what it signs in a later one must be anchored.
        let honest = self.is_honest_device(slot.device) || slot.incarnation.0 > 0;
        self.record.accept(unit, Accepted { slot, at, seat, honest });
    }
}

fn record_confirms(record: &crate::record::Record, unit: &loadstone_core::Hash) -> bool {
    record.is_confirmed(unit)
}
