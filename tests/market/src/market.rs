//! One market on the chain: what a grid company, two aggregators and the committee do, call by call.

use crate::{
    chain::{account, By, Chain},
    ledger::{device_key, Ledger},
    money::Books,
};
use loadstone_core::{
    AreaId, Balance, BoundedVec, DeviceId, Direction, EventId, Millis, Price, ProgrammeId, ResourceId, Watts,
};
use loadstone_market::{seal, BidResources, BidSheet, Needs, Offer, Phase, Programme, ResourceBid};
use loadstone_runtime::{Bids, Runtime, Settlement};

/// Opens and pays.
pub const GRID: &str = "//ProvincialGrid";
/// Own the resources.
pub const AGGREGATORS: [&str; 2] = ["//AggregatorNorth", "//AggregatorSouth"];

/// The programme under test.
pub const PROGRAMME: ProgrammeId = ProgrammeId(1);
/// Where every resource is.
pub const AREA: AreaId = AreaId(1);
/// What each resource may offer either way.
const CAPACITY: Watts = Watts(30_000_000);

/// Seals bids.
const SALT: [u8; 32] = [3; 32];

/// Longest time from a score to pay, beyond the dispute window, in milliseconds.
const SETTLED_WITHIN_BLOCKS: u32 = 12;

/// Chain and ledger.
pub struct Market {
    pub chain: Chain,
    pub ledger: Ledger,
}

/// What an opener asks for.
#[derive(Clone, Debug)]
pub struct Opening {
    pub at: Millis,
    pub direction: Direction,
    pub needs: Vec<i64>,
    pub start: Millis,
    pub gate: Millis,
    pub budget: Balance,
}

/// What is offered for one resource: (price, watts), cheapest first.
#[derive(Clone, Debug)]
pub struct Bid {
    pub owner: &'static str,
    pub resource: ResourceId,
    pub offers: Vec<(u64, i64)>,
}

/// Watts in each interval.
pub fn needs(watts: &[i64]) -> Needs {
    Needs::truncate_from(watts.iter().copied().map(Watts).collect())
}

fn sheet(bids: &[&Bid]) -> BidSheet {
    let offer = |(price, watts): &(u64, i64)| Offer { price: Price(*price), watts: Watts(*watts) };
    let bid = |bid: &&Bid| ResourceBid {
        resource: bid.resource,
        offers: BoundedVec::truncate_from(bid.offers.iter().map(offer).collect()),
    };
    BoundedVec::truncate_from(bids.iter().map(bid).collect())
}

fn by_owner(bids: &[Bid]) -> Vec<(&'static str, Vec<&Bid>)> {
    let of = |owner| (owner, bids.iter().filter(|bid| bid.owner == owner).collect::<Vec<_>>());
    AGGREGATORS.into_iter().map(of).filter(|(_, own)| !own.is_empty()).collect()
}

impl Market {
    /// A market under `programme`, published in the first block.
    pub fn new(programme: &Programme, at: Millis) -> Self {
        let mut chain = Chain::new();
        let ledger = Ledger::new(&mut chain);
        let publish = pallet_bids::Call::publish_programme { id: PROGRAMME, programme: Box::new(programme.clone()) };
        chain.block(at, vec![(By::Signer(GRID), publish.into())]);
        let kept = chain.read(|| Bids::latest_programme(PROGRAMME)).expect("it was published");
        assert_eq!(kept.1, *programme);
        Self { chain, ledger }
    }

    /// Registers a resource of `owner` with a device that writes.
    pub fn register(&mut self, owner: &'static str) -> ResourceId {
        let id = self.chain.read(pallet_registry::NextResource::<Runtime>::get);
        let call = pallet_registry::Call::register_resource {
            area: AREA,
            device_key: device_key(id.0).public(),
            capacity_down: CAPACITY,
            capacity_up: CAPACITY,
            load_min: Watts(-CAPACITY.0),
            load_max: Watts(4 * CAPACITY.0),
        };
        self.chain.block(self.chain.now(), vec![(By::Signer(owner), call.into())]);
        self.ledger.join(DeviceId(id.0));
        id
    }

    /// Opens an event.
    pub fn open(&mut self, opening: &Opening) -> EventId {
        let event = self.chain.read(pallet_bids::NextEvent::<Runtime>::get);
        let call = pallet_bids::Call::open_event {
            programme: PROGRAMME,
            area: AREA,
            direction: opening.direction,
            needs: needs(&opening.needs),
            start: opening.start,
            gate_closure: opening.gate,
            budget: opening.budget,
        };
        self.chain.block(opening.at, vec![(By::Signer(GRID), call.into())]);
        assert_eq!(self.phase(event), Some(Phase::Open));
        event
    }

    /// How far an event has come.
    pub fn phase(&mut self, event: EventId) -> Option<Phase> {
        self.chain.read(|| Bids::event_summary(event)).map(|summary| summary.event.phase)
    }

    /// Every account's money.
    pub fn books(&mut self) -> Books {
        self.chain.read(Books::now)
    }

    /// Seals the bids, one batch an owner.
    pub fn commit(&mut self, event: EventId, bids: &[Bid]) {
        let genesis = self.chain.genesis();
        let calls = by_owner(bids).into_iter().map(|(owner, own)| {
            let resources = BidResources::truncate_from(own.iter().map(|bid| bid.resource).collect());
            let seal = seal(&genesis, event, &account(owner), &sheet(&own), &SALT);
            let call = pallet_bids::Call::commit { event, batch: 0, seal, resources };
            (By::Signer(owner), call.into())
        });
        self.chain.block(self.chain.now(), calls.collect());
    }

    /// Passes the gate and reveals; clearing waits for the reveal time and for a quorum of the blocks' authors.
    pub fn reveal(&mut self, event: EventId, bids: &[Bid]) {
        let summary = self.chain.read(|| Bids::event_summary(event)).expect("it was opened");
        let early = || pallet_bids::Call::clear { event }.into();
        let reveal = |(owner, own): (&'static str, Vec<&Bid>)| {
            let call = pallet_bids::Call::reveal { event, batch: 0, sheet: sheet(&own), salt: SALT };
            (By::Signer(owner), call.into())
        };
        let gate = summary.event.gate_closure;
        self.chain.block(gate, by_owner(bids).into_iter().map(reveal).collect());
        assert!(self.chain.refusal(gate, By::Signer(GRID), early()).is_some(), "bids may still be revealed");
        self.chain.rest(summary.authors_needed);
        let summary = self.chain.read(|| Bids::event_summary(event)).expect("it was opened");
        assert!(summary.authors >= summary.authors_needed);
        assert_eq!(summary.revealed as usize, bids.len());
    }

    /// Clears and orders when the reveal time is over.
    pub fn clear_and_dispatch(&mut self, event: EventId, reveal_ms: u32) {
        let gate = self.chain.read(|| Bids::event_summary(event)).expect("it was opened").event.gate_closure;
        let clear = pallet_bids::Call::clear { event };
        self.chain.block(gate.after(reveal_ms.into()), vec![(By::Signer(GRID), clear.into())]);
        assert_eq!(self.phase(event), Some(Phase::Cleared));
        let dispatch = pallet_dispatch::Call::dispatch_event { event };
        self.chain.block(self.chain.now(), vec![(By::Signer(GRID), dispatch.into())]);
        assert_eq!(self.phase(event), Some(Phase::Dispatched));
    }

    /// Brings an event's records on chain; the chain scores it by itself.
    pub fn record(&mut self, event: EventId) {
        self.ledger.record(&mut self.chain, event);
        assert_eq!(self.phase(event), Some(Phase::Scored), "scored in the block that completes its records");
    }

    /// Waits for the end of the dispute window; the chain settles and pays by itself.
    pub fn settle(&mut self, event: EventId, dispute_ms: u32) {
        let due = self.chain.now().after(dispute_ms.into());
        self.chain.block(Millis(due.0 - 1_000), Vec::new());
        assert_eq!(self.phase(event), Some(Phase::Scored), "the dispute window is open");
        self.chain.block(due, Vec::new());
        self.chain.rest(SETTLED_WITHIN_BLOCKS);
        assert_eq!(self.phase(event), Some(Phase::Settled));
        assert_eq!(self.chain.read(|| Settlement::escrow_of(event)), None, "nothing is held any more");
    }
}
