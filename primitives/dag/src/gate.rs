//! The gateway's door: which units of devices are taken in, and why others are not.
//!
//! Cheap checks come before the signature, so a flood of bad units costs little.

use alloc::{collections::BTreeMap, vec::Vec};

use loadstone_core::{DeviceId, Hash, Incarnation, PublicKey, Sequence, Signature, Watts};

use crate::{unit_form, Body, CheckedUnit, Refusal, Slot, Unit, UnitContent};

/// What the registry says of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceInfo {
    /// Signs its units.
    pub key: PublicKey,
    /// Which life of the device the key signs for.
    pub incarnation: Incarnation,
    /// A revoked device's units are refused.
    pub revoked: bool,
    /// Least possible reading of its resource.
    pub load_min: Watts,
    /// Greatest possible reading of its resource.
    pub load_max: Watts,
}

/// The registry, as of the gateway's newest finalised block.
pub trait DeviceDirectory {
    /// The device, if registered.
    fn device(&self, id: DeviceId) -> Option<DeviceInfo>;
}

/// The device chains as the gateway's member knows them. [`crate::Member`] is one.
pub trait DeviceChains {
    /// Ids of the units known in the slot, introduced or about to be.
    fn units_at(&self, slot: &Slot) -> Vec<Hash>;

    /// The first sequence from the last anchored unit on at which no unit is known.
    fn next_sequence(&self, device: DeviceId, incarnation: Incarnation) -> Sequence;

    /// Whether the unit is known, but only from a witness that the member's own do not reach: introduced
    /// again it can be anchored, and may not be otherwise.
    fn is_stranded(&self, _slot: &Slot, _unit: &Hash) -> bool {
        false
    }

    /// Whether nothing new can be anchored in this slot: a former epoch anchored a unit there, which need
    /// not be known here by its id, or had anchored one of a later life of the device.
    fn is_past(&self, _slot: &Slot) -> bool {
        false
    }
}

/// How a unit was taken in; both are answered with "accepted".
#[allow(
    clippy::large_enum_variant,
    reason = "the large variant is the common one: a box would cost an allocation a unit"
)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// New: hand it to [`crate::Member::introduce`].
    New(CheckedUnit),
    /// Known already: nothing to do.
    Known(Hash),
}

/// A signature to be verified: key, message and signature of a unit.
pub type SignedMessage = (PublicKey, Vec<u8>, Signature);

/// Checks units against registry and chains. Make a new one for each batch.
pub struct UnitGate<'a, D, C> {
    genesis: Hash,
    devices: &'a D,
    chains: &'a C,
    /// Units of this batch that passed so far, so that a batch may hold consecutive units.
    passed: BTreeMap<Slot, Hash>,
}

#[allow(
    clippy::large_enum_variant,
    reason = "the large variant is the common one: a box would cost an allocation a unit"
)]
enum Screened {
    Known(Hash),
    Unsigned(SignedMessage, CheckedUnit),
}

impl<'a, D: DeviceDirectory, C: DeviceChains> UnitGate<'a, D, C> {
    /// A gate for one batch.
    pub fn new(genesis: Hash, devices: &'a D, chains: &'a C) -> Self {
        Self { genesis, devices, chains, passed: BTreeMap::new() }
    }

    /// Decides on units in the given order; the answer has the same order. `verify` gets all
    /// signatures that are worth verifying at once and answers for each.
    pub fn admit_all(
        mut self,
        units: Vec<Unit>,
        verify: impl FnOnce(&[SignedMessage]) -> Vec<bool>,
    ) -> Vec<(Slot, Result<Admission, Refusal>)> {
        let mut messages = Vec::new();
        let screened: Vec<_> = units
            .into_iter()
            .map(|unit| {
                let slot = unit.content.slot;
                let outcome = self.screen(unit).map(|screened| match screened {
                    Screened::Known(id) => Admission::Known(id),
                    Screened::Unsigned(message, unit) => {
                        messages.push(message);
                        Admission::New(unit)
                    }
                });
                (slot, outcome)
            })
            .collect();
        let mut verdicts = verify(&messages).into_iter();
        let mut broken: BTreeMap<(DeviceId, Incarnation), Sequence> = BTreeMap::new();
        let judge = |(slot, outcome): (Slot, Result<Admission, Refusal>)| {
            let signed = match &outcome {
                Ok(Admission::New(_)) => verdicts.next().unwrap_or(false),
                _ => true,
            };
            (slot, self.judge(slot, outcome, signed, &mut broken))
        };
        screened.into_iter().map(judge).collect()
    }

    /// A bad signature also strikes what was let in on top of it.
    fn judge(
        &self,
        slot: Slot,
        outcome: Result<Admission, Refusal>,
        signed: bool,
        broken: &mut BTreeMap<(DeviceId, Incarnation), Sequence>,
    ) -> Result<Admission, Refusal> {
        let chain = (slot.device, slot.incarnation);
        match outcome {
            Ok(_) if !signed => {
                broken.entry(chain).or_insert(slot.sequence);
                Err(Refusal::BadSignature)
            }
            Ok(admission) => match broken.get(&chain) {
                Some(first) if self.passed.contains_key(&slot) => Err(Refusal::Gap(*first)),
                _ => Ok(admission),
            },
            refused => refused,
        }
    }

    fn screen(&mut self, unit: Unit) -> Result<Screened, Refusal> {
        unit_form(&unit)?;
        let content = &unit.content;
        let device = self.devices.device(content.slot.device).ok_or(Refusal::UnknownDevice)?;
        if device.revoked {
            return Err(Refusal::Revoked);
        }
        if device.incarnation != content.slot.incarnation {
            return Err(Refusal::WrongIncarnation);
        }
        let payload = content.payload(&self.genesis);
        let id = payload.hash();
        let here = self.units_at(&content.slot);
        let is_stranded = || !self.passed.contains_key(&content.slot) && self.chains.is_stranded(&content.slot, &id);
        if here.contains(&id) && !is_stranded() {
            return Ok(Screened::Known(id));
        }
        if here.is_empty() && self.chains.is_past(&content.slot) {
            // The device has not heard yet that the slot is anchored; asking for the proof, it will.
            return Ok(Screened::Known(id));
        }
        if here.iter().any(|known| *known != id) {
            return Err(Refusal::Fork);
        }
        self.check_predecessor(content)?;
        check_range(content, &device)?;
        self.passed.insert(content.slot, id);
        let message = (device.key, payload.as_bytes().to_vec(), unit.signature);
        Ok(Screened::Unsigned(message, CheckedUnit::from_parts(id, unit)))
    }

    fn units_at(&self, slot: &Slot) -> Vec<Hash> {
        let mut units = self.chains.units_at(slot);
        units.extend(self.passed.get(slot));
        units
    }

    fn check_predecessor(&self, content: &UnitContent) -> Result<(), Refusal> {
        let Slot { device, incarnation, sequence } = content.slot;
        // A life's first unit stands on nothing: its form says so.
        let Some(before) = sequence.0.checked_sub(1) else { return Ok(()) };
        let before = Slot { sequence: Sequence(before), ..content.slot };
        let known = self.units_at(&before);
        if known.contains(&content.previous) {
            return Ok(());
        }
        if !known.is_empty() {
            return Err(Refusal::Fork);
        }
        Err(Refusal::Gap(self.first_unknown(device, incarnation)))
    }

    fn first_unknown(&self, device: DeviceId, incarnation: Incarnation) -> Sequence {
        let mut sequence = self.chains.next_sequence(device, incarnation);
        while self.passed.contains_key(&Slot { device, incarnation, sequence }) {
            sequence = sequence.next();
        }
        sequence
    }
}

/// Good readings must be physically possible; doubtful ones may be anything.
fn check_range(content: &UnitContent, device: &DeviceInfo) -> Result<(), Refusal> {
    let Body::Readings(readings) = &content.body else { return Ok(()) };
    let readings = readings.watts().map_err(|_| Refusal::Malformed)?;
    let possible = |watts: Watts| device.load_min <= watts && watts <= device.load_max;
    readings.iter().all(|(_, watts, valid)| !valid || possible(*watts)).then_some(()).ok_or(Refusal::OutOfRange)
}
