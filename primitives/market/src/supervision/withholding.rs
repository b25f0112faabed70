//! Withholding: an organisation offers far less than it usually has to offer.

use super::{mean, share_of, Evidence, SupervisionRules};
use crate::math::magnitude;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use loadstone_core::{AccountId, OrganisationId, Watts};
use scale_info::TypeInfo;

/// What an organisation usually offers in an area and direction.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Habit {
    /// Whose.
    pub organisation: OrganisationId,
    /// Its account that answers for it.
    pub account: AccountId,
    /// Exponential mean of what it offers at a time.
    pub usual: Watts,
    /// Events in that mean; saturates.
    pub events: u16,
}

impl Habit {
    /// Of an organisation of which nothing is known.
    pub const fn new(organisation: OrganisationId, account: AccountId) -> Self {
        Self { organisation, account, usual: Watts(0), events: 0 }
    }

    /// Takes one event in: `offered` there, and `elsewhere` in events at the same time, where that capacity is reserved.
    pub fn withholding(&mut self, offered: Watts, elsewhere: Watts, rules: &SupervisionRules) -> Option<Evidence> {
        let usual = self.usual;
        let free = magnitude(Watts(usual.0.saturating_sub(elsewhere.0)));
        let is_little = magnitude(offered) < share_of(free, rules.withheld_below);
        let is_known = self.events > 0 && self.events >= rules.usual_events;
        let past = (self.events > 0).then_some(usual);
        self.usual = mean(past, Watts(offered.0.saturating_add(elsewhere.0)), rules.usual_weight);
        self.events = self.events.saturating_add(1);
        (is_little && is_known).then_some(Evidence::Withholding { usual, elsewhere, offered })
    }
}
