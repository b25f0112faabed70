//! Marginal price setting: one organisation holds the marginal bucket in a row of events.

use super::{share_of_up, Evidence, SupervisionRules, Tally};
use crate::{math::magnitude, Clearing};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use loadstone_core::OrganisationId;
use scale_info::TypeInfo;

/// Events in a row of one area and programme whose margin one organisation held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Row {
    /// Which organisation.
    pub organisation: OrganisationId,
    /// Events so far.
    pub events: u16,
}

/// Who holds the marginal bucket: more than half of it at least, so at most one does. `None` where nothing was bought.
pub fn holder<'a>(tallies: &'a [Tally], clearing: &Clearing, rules: &SupervisionRules) -> Option<&'a Tally> {
    let bucket = magnitude(clearing.marginal_total);
    let enough = share_of_up(bucket, rules.marginal_share);
    tallies.iter().find(|tally| bucket > 0 && magnitude(tally.marginal) >= enough)
}

/// The row after one more event, and evidence each time that it grew by `marginal_events`.
pub fn marginal(
    row: Option<Row>,
    holder: Option<&Tally>,
    clearing: &Clearing,
    rules: &SupervisionRules,
) -> (Option<Row>, Option<Evidence>) {
    let Some(Tally { organisation, marginal, .. }) = holder else { return (None, None) };
    let before = row.filter(|row| row.organisation == *organisation).map_or(0, |row| row.events);
    let events = before.saturating_add(1);
    let evidence = Evidence::MarginalSetting {
        events,
        price: clearing.marginal_price,
        held: *marginal,
        bucket: clearing.marginal_total,
    };
    let is_due = events.checked_rem(rules.marginal_events) == Some(0);
    (Some(Row { organisation: *organisation, events }), is_due.then_some(evidence))
}
