//! From a question of the state machine to storage keys, and from proven values to its answer.

use anyhow::Context;
use codec::DecodeAll;
use loadstone_core::{AreaId, DeviceId, ResourceId};
use loadstone_evidence::{keys, AuthoritySet};
use loadstone_load_core::{Answer, EventFacts, Query};

/// Whose keys are read.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// The own device.
    pub device: DeviceId,
    /// The own resource.
    pub resource: ResourceId,
    /// The own area.
    pub area: AreaId,
}

impl Scope {
    /// Keys to read for a question, in the order that [`answer`] expects.
    pub fn keys(&self, query: Query) -> Vec<Vec<u8>> {
        match query {
            Query::Device => vec![keys::device(self.device), keys::resource(self.resource)],
            Query::Order(direction) => {
                vec![keys::order(self.area, direction), keys::availability(self.resource, direction)]
            }
            Query::Event(event) => {
                let own = [keys::segments(event, self.resource), keys::past_events(self.resource)];
                [keys::event(event), keys::clearing(event)].into_iter().chain(own).collect()
            }
            Query::Programme(id, version) => vec![keys::programme(id, version)],
            Query::Anchor(number) => vec![keys::anchor(number)],
            Query::Voters => vec![keys::grandpa_set_id(), keys::grandpa_authorities()],
        }
    }
}

/// The answer that proven values give. An error means that the chain's types are not this program's.
pub fn answer(query: Query, values: &[Option<Vec<u8>>]) -> anyhow::Result<Answer> {
    Ok(match query {
        Query::Device => Answer::Device(value(values, 0, "Device")?, value(values, 1, "Resource")?),
        Query::Order(direction) => {
            Answer::Order(direction, value(values, 0, "Order")?, value(values, 1, "Availability")?)
        }
        Query::Event(id) => {
            let event = value(values, 0, "Event")?.zip(value(values, 1, "Clearing")?);
            let facts = event.zip(value(values, 2, "Segments")?);
            let past = value(values, 3, "PastEvents")?.unwrap_or_default();
            Answer::Event(id, facts.map(|((event, clearing), segments)| EventFacts { event, clearing, segments, past }))
        }
        Query::Programme(id, version) => Answer::Programme(id, version, value(values, 0, "Programme")?),
        Query::Anchor(number) => Answer::Anchor(number, value(values, 0, "Anchor")?),
        Query::Voters => {
            let authorities = value(values, 1, "AuthorityList")?;
            // The pallet stores no id before the first change.
            let id = value(values, 0, "SetId")?.unwrap_or_default();
            Answer::Voters(authorities.map(|authorities| AuthoritySet { id, authorities }))
        }
    })
}

fn value<T: DecodeAll>(values: &[Option<Vec<u8>>], place: usize, what: &str) -> anyhow::Result<Option<T>> {
    let Some(Some(bytes)) = values.get(place) else { return Ok(None) };
    let decoded = T::decode_all(&mut &bytes[..]);
    decoded.map(Some).ok().with_context(|| {
        format!("the chain's {what} does not decode. Remedy: run the load node that belongs to the chain's runtime")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use codec::Encode;
    use loadstone_core::{AnchorNumber, Direction, EventId};
    use loadstone_dag::Anchor;

    const SCOPE: Scope = Scope { device: DeviceId(1), resource: ResourceId(2), area: AreaId(3) };

    #[test]
    fn every_question_reads_its_own_keys() {
        // GIVEN a node's scope THEN questions map to the published storage keys
        assert_eq!(SCOPE.keys(Query::Device), [keys::device(DeviceId(1)), keys::resource(ResourceId(2))]);
        assert_eq!(SCOPE.keys(Query::Order(Direction::Up))[0], keys::order(AreaId(3), Direction::Up));
        assert_eq!(SCOPE.keys(Query::Event(EventId(5)))[2], keys::segments(EventId(5), ResourceId(2)));
    }

    #[test]
    fn values_decode_and_foreign_bytes_are_errors() {
        // GIVEN an anchor on chain WHEN it is answered THEN it is whole
        let anchor = Anchor { number: AnchorNumber(4), ..Anchor::default() };
        let query = Query::Anchor(AnchorNumber(4));
        assert_eq!(answer(query, &[Some(anchor.encode())]).unwrap(), Answer::Anchor(AnchorNumber(4), Some(anchor)));
        // AND what is absent is absent, and foreign bytes are an error with a remedy
        assert_eq!(answer(query, &[None]).unwrap(), Answer::Anchor(AnchorNumber(4), None));
        assert!(answer(query, &[Some(vec![1, 2])]).unwrap_err().to_string().contains("Remedy"));
        // AND the set of a chain that never changed it has the id 0
        let voters = answer(Query::Voters, &[None, Some(vec![0])]).unwrap();
        assert_eq!(voters, Answer::Voters(Some(AuthoritySet { id: 0, authorities: Vec::new() })));
        // AND an event without a clearing is no event yet
        assert_eq!(
            answer(Query::Event(EventId(1)), &[None, None, None, None]).unwrap(),
            Answer::Event(EventId(1), None)
        );
    }
}
