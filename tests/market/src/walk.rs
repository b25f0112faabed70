//! One programme's event from its opening to its last micro-yuan, with what is expected of it at every step.

use crate::{
    baselines::{Baseline, Window, HOUR},
    cases::{millis, Case},
    conduct::Conduct,
    market::{Bid, Market, Opening, AGGREGATORS, GRID},
    meters::Meter,
    money::Books,
    published::{self, due, Due, Pay, Run, ONE},
};
use loadstone_core::{BasisPoints, DeviceId, Direction, EventId, Millis, ResourceId, Watts};
use loadstone_market::{Phase, Pricing, Programme};
use loadstone_runtime::{ExecutionScore, Settlement};
use std::collections::BTreeMap;

/// Needs of the window's intervals in quarters of the peak.
const QUARTERS: [i128; 5] = [4, 3, 4, 2, 4];

/// Seconds between opening and gate.
const GATE_S: i64 = 30;

/// A resource with its meter.
#[derive(Clone, Copy, Debug)]
pub struct Player {
    pub id: ResourceId,
    pub owner: &'static str,
    pub meter: Meter,
    pub conduct: Conduct,
}

/// What is expected of one resource in one event.
#[derive(Clone, Debug)]
pub struct Expected {
    pub player: Player,
    pub award: i128,
    /// Sum of awarded watts times price.
    pub value: i128,
    pub quotas: Vec<i128>,
    pub baseline: Vec<i128>,
    /// Watts delivered in each second; empty until it is measured.
    pub delivered: Vec<i128>,
}

/// An event under way.
pub struct Running {
    pub event: EventId,
    pub window: Window,
    /// The price that cleared it.
    pub margin: i128,
    pub buyer: &'static str,
    pub resources: Vec<Expected>,
}

/// What one resource got.
#[derive(Clone, Copy, Debug)]
pub struct Paid {
    pub conduct: Conduct,
    pub due: Due,
    /// Energy asked, in watt-milliseconds.
    pub agreed: i128,
    pub award: i128,
    pub value: i128,
    pub k_index: i128,
}

/// A market under one programme.
pub struct Walk {
    pub case: Case,
    pub programme: Programme,
    pub market: Market,
    pub players: Vec<Player>,
    /// Ticks by which every offer is dearer than in the first event.
    pub dearer: u64,
    credits: BTreeMap<ResourceId, i128>,
}

impl Expected {
    fn run(&self, window: &Window) -> Run<'_> {
        Run { quotas: &self.quotas, seconds: window.interval.into(), delivered: &self.delivered }
    }
}

impl Walk {
    /// The programme published, a resource for each way to behave registered, and their meters read up to the opening.
    pub fn new(case: Case, conducts: &[Conduct]) -> Self {
        let programme = case.programme();
        let window = case.window(&programme);
        let spans = case.spans(&window);
        let mut market = Market::new(&programme, millis(spans[0].0));
        let of_days = matches!(case.baseline, Baseline::Days(_) | Baseline::SameDay);
        let players = conducts.iter().enumerate().map(|(place, conduct)| {
            let owner = AGGREGATORS[place % 2];
            let meter = if of_days { Meter::Months(place as i64) } else { Meter::Day(3 * place) };
            Player { id: market.register(owner), owner, meter, conduct: *conduct }
        });
        let players = players.collect();
        let mut walk = Self { case, programme, market, players, dearer: 0, credits: BTreeMap::new() };
        for (from, until) in spans {
            walk.live(from, until);
        }
        walk
    }

    /// Every meter is read and anchored, with loads as they are by themselves.
    pub fn live(&mut self, from: i64, until: i64) {
        for player in self.players.clone() {
            let loads = player.meter.loads(millis(from), millis(until));
            self.market.ledger.write(DeviceId(player.id.0), millis(from), &loads);
        }
        self.market.ledger.anchor(&mut self.market.chain, Millis(millis(until).0 - 400));
    }

    /// The load that a player's baseline says there would be.
    pub fn baseline(&self, player: &Player, window: &Window) -> Vec<i128> {
        window.baseline(self.case.baseline, &|second| player.meter.load(millis(second)))
    }

    fn bids(&self, baselines: &[Vec<i128>]) -> Vec<Bid> {
        let Programme { price_cap, price_tick, bid_min, .. } = self.programme;
        let bid = |(place, (player, baseline)): (usize, (&Player, &Vec<i128>))| {
            let price = price_cap.0 * (3 + 2 * place as u64) / 10 / price_tick.0 * price_tick.0;
            let price = price + self.dearer * price_tick.0;
            let least = baseline.iter().min().copied().unwrap_or_default();
            let watts = ((3 * least / 10_000 * 1_000) as i64).max(2 * bid_min.0);
            let offers = match player.conduct {
                Conduct::Over => vec![(price, watts / 2), (price + price_tick.0, watts - watts / 2)],
                _ => vec![(price, watts)],
            };
            Bid { owner: player.owner, resource: player.id, offers }
        };
        self.players.iter().zip(baselines).enumerate().map(bid).collect()
    }

    /// Opens an event, takes bids for it, clears and orders it.
    pub fn dispatch(&mut self, window: Window) -> Running {
        let baselines: Vec<_> = self.players.iter().map(|player| self.baseline(player, &window)).collect();
        let bids = self.bids(&baselines);
        // GIVEN a need for all of the first two offers, half of the third, and nothing of the last
        let offered: Vec<i128> =
            bids.iter().map(|bid| bid.offers.iter().map(|(_, watts)| i128::from(*watts)).sum()).collect();
        let peak = offered[0] + offered[1] + offered[2] / 2;
        let needs: Vec<i128> = (0..window.intervals as usize).map(|place| peak * QUARTERS[place] / 4).collect();
        let worth = peak * i128::from(window.end() - window.start) * i128::from(self.programme.price_cap.0) / 3_600_000;
        let opening = Opening {
            at: millis(window.opened),
            direction: self.case.direction,
            needs: needs.iter().map(|need| *need as i64).collect(),
            start: millis(window.start),
            gate: millis(window.opened + GATE_S),
            budget: (3 * worth) as u128,
        };
        let event = self.market.open(&opening);
        self.market.commit(event, &bids);
        self.market.reveal(event, &bids);
        self.market.clear_and_dispatch(event, self.programme.reveal_ms);
        let (resources, margin) = self.awarded(&bids, baselines, &needs);
        Running { event, window, margin, buyer: GRID, resources }
    }

    /// What each resource wins by its bid, and the price that clears.
    fn awarded(&self, bids: &[Bid], baselines: Vec<Vec<i128>>, needs: &[i128]) -> (Vec<Expected>, i128) {
        let offers: Vec<_> = bids.iter().flat_map(|bid| bid.offers.clone()).collect();
        let (won, margin) = published::clear(&offers, needs[0]);
        let mut won = won.into_iter();
        let mut resources = Vec::new();
        for ((player, bid), baseline) in self.players.iter().zip(bids).zip(baselines) {
            let (mut award, mut value) = (0, 0);
            for (price, _) in &bid.offers {
                let watts = won.next().unwrap_or_default();
                let paid = match self.programme.pricing {
                    Pricing::Uniform if self.case.is_graded => published::graded(margin, i128::from(*price)),
                    Pricing::Uniform => margin,
                    Pricing::PayAsBid | Pricing::Bilateral => i128::from(*price),
                };
                (award, value) = (award + watts, value + watts * paid);
            }
            let quotas = needs.iter().map(|need| published::quota(award, *need, needs[0])).collect();
            resources.push(Expected { player: *player, award, value, quotas, baseline, delivered: Vec::new() });
        }
        (resources, margin)
    }

    /// What the meters would show if somebody raised its load once it knew of the event.
    pub fn tempt(&mut self, window: &Window) {
        let (from, until) = (window.opened + 10, window.opened + 70);
        for player in self.players.clone() {
            let loads = player.meter.loads(millis(from), millis(until));
            let raised: Vec<_> = loads.into_iter().map(|load| load.map(|load| 2 * load + 1_000_000)).collect();
            self.market.ledger.write(DeviceId(player.id.0), millis(from), &raised);
        }
        self.market.ledger.anchor(&mut self.market.chain, millis(window.opened + 120));
    }

    /// The window and what the baseline needs after it, read and anchored; then the anchor that cuts off.
    pub fn measure(&mut self, events: &mut [Running]) {
        let window = events[0].window;
        let direction = self.case.direction;
        for resource in events.iter_mut().flat_map(|running| &mut running.resources) {
            let player = resource.player;
            let natural = player.meter.loads(millis(window.start), millis(window.end()));
            let asked = (resource.baseline.as_slice(), resource.quotas.as_slice());
            let seconds = window.interval as usize;
            let loads = player.conduct.loads(direction, asked, seconds, &natural);
            self.market.ledger.write(DeviceId(player.id.0), millis(window.start), &loads);
            let sign = if direction == Direction::Down { 1 } else { -1 };
            let delivered = |(second, load): (usize, &Option<i64>)| {
                sign * (resource.baseline[second / seconds] - i128::from(load.expect("read")))
            };
            resource.delivered = loads.iter().enumerate().map(delivered).collect();
        }
        self.market.ledger.anchor(&mut self.market.chain, millis(window.end()));
        if let Baseline::SameDay = self.case.baseline {
            self.live(window.end(), window.end() + 3 * HOUR + 1);
        }
        let due = window.end() + i64::from(self.programme.grace_ms).div_euclid(1_000) + 1;
        self.live(due, due + 10);
    }

    /// Records are what the formulas say, and the chain scores by them.
    pub fn record(&mut self, running: &Running) {
        assert_eq!(self.market.phase(running.event), Some(Phase::Dispatched));
        self.market.record(running.event);
        let asked = || running.resources.iter().filter(|resource| resource.award > 0);
        let accuracies: Vec<i128> = asked().map(|resource| resource.run(&running.window).accuracy()).collect();
        for resource in &running.resources {
            self.measured(running, resource);
            self.scored(running, resource, &accuracies);
        }
    }

    fn measured(&mut self, running: &Running, resource: &Expected) {
        let (id, name) = (resource.player.id, (self.case.file, resource.player.conduct));
        let record = self.market.chain.read(|| ExecutionScore::record_of(running.event, id)).expect("recorded");
        let wide = |watts: &[Watts]| watts.iter().map(|watts| i128::from(watts.0)).collect::<Vec<_>>();
        assert_eq!(wide(&record.baseline), resource.baseline, "{name:?}: baseline");
        assert_eq!(wide(&record.quota), resource.quotas, "{name:?}: quota");
        assert_eq!(wide(&record.delivered), resource.run(&running.window).means(), "{name:?}: delivered");
        let seconds = resource.delivered.len() as u32;
        assert_eq!((record.readings_due, record.readings_valid), (seconds, seconds), "{name:?}: readings");
    }

    fn scored(&mut self, running: &Running, resource: &Expected, accuracies: &[i128]) {
        let (id, name) = (resource.player.id, (self.case.file, resource.player.conduct));
        let score = self.market.chain.read(|| ExecutionScore::score_of(running.event, id));
        let credit = self.market.chain.read(|| ExecutionScore::credit_of(id));
        if resource.award == 0 {
            assert_eq!((score, credit), (None, None), "{name:?}: nothing was asked of it");
            return;
        }
        let score = score.expect("something was asked");
        let accuracy = resource.run(&running.window).accuracy();
        assert_eq!(i128::from(score.accuracy.0), accuracy, "{name:?}: accuracy");
        assert_eq!(i128::from(score.k_index.0), self.k_index(resource, &running.window), "{name:?}: K");
        if self.programme.pricing == Pricing::Bilateral {
            assert_eq!(credit, None, "{name:?}: a contract moves no credit");
            return;
        }
        // Credit is the score at first, and moves by three tenths of the way to each later one.
        let newest = published::score(accuracy, accuracies);
        assert_eq!(i128::from(score.score.0), newest, "{name:?}: score");
        let known = self.credits.get(&id).map_or(newest, |past| (3 * newest + 7 * past) / 10);
        self.credits.insert(id, known);
        assert_eq!(credit.map(|credit| i128::from(credit.credit.0)), Some(known), "{name:?}: credit");
    }

    fn k_index(&self, resource: &Expected, window: &Window) -> i128 {
        let error = if self.case.pay == Pay::Hunan { 200 } else { 2_500 };
        resource.run(window).k_index((1_000, 60, error))
    }

    /// What a resource is due by the published formula.
    fn due(&self, resource: &Expected, window: &Window) -> Paid {
        let Expected { award, value, quotas, player, .. } = resource;
        let run = resource.run(window);
        let k_index = if *award > 0 { self.k_index(resource, window) } else { 0 };
        let due = due(self.case.pay, quotas, &run.means(), run.seconds, (*award, *value), k_index);
        let agreed = quotas.iter().sum::<i128>() * run.seconds * 1_000;
        Paid { conduct: player.conduct, due, agreed, award: *award, value: *value, k_index }
    }

    /// The chain settles by itself: every statement, every account and every explanation is what the formulas say.
    /// `before` are the books before the events were opened.
    pub fn settle(&mut self, events: &[Running], before: &Books) -> Vec<Vec<Paid>> {
        let last = events.last().expect("an event").event;
        self.market.settle(last, self.programme.dispute_ms);
        let paid: Vec<Vec<Paid>> = events.iter().map(|running| self.settled(running)).collect();
        let sums = |who: &str| {
            let all = events
                .iter()
                .zip(&paid)
                .flat_map(|(running, paid)| running.resources.iter().zip(paid).map(move |one| (running.buyer, one)));
            all.fold(0, |sum, (buyer, (resource, paid))| {
                let won = paid.due.claim - paid.due.penalty;
                sum + won * (i128::from(resource.player.owner == who) - i128::from(buyer == who))
            })
        };
        let named = [GRID, AGGREGATORS[0], AGGREGATORS[1]];
        assert_eq!(self.market.books().gains(before, &named), named.map(sums), "{}: every account", self.case.file);
        paid
    }

    fn settled(&mut self, running: &Running) -> Vec<Paid> {
        assert_eq!(self.market.phase(running.event), Some(Phase::Settled), "{}", self.case.file);
        running.resources.iter().map(|resource| self.settled_resource(running, resource)).collect()
    }

    fn settled_resource(&mut self, running: &Running, resource: &Expected) -> Paid {
        let (event, id) = (running.event, resource.player.id);
        let (paid, name) = (self.due(resource, &running.window), (self.case.file, resource.player.conduct));
        let statement = self.market.chain.read(|| Settlement::statement_of(event, id)).expect("drawn up");
        let stated = Due {
            paid_energy: statement.paid_energy as i128,
            claim: statement.claim as i128,
            penalty: statement.penalty as i128,
        };
        assert_eq!(stated, paid.due, "{name:?}: statement");
        assert_eq!(statement.paid, statement.claim, "{name:?}: the pot suffices");
        // AND the explanation's numbers are the same
        let why = self.market.chain.read(|| Settlement::why(event, id)).expect("it was revealed");
        assert_eq!(i128::from(why.award.0), paid.award, "{name:?}: award");
        for (interval, steps) in why.intervals.iter().enumerate() {
            let measured = steps.measured.as_ref().expect("recorded");
            let told = [Some(steps.quota), measured.baseline, Some(measured.delivered)];
            let means = resource.run(&running.window).means();
            let expected = [resource.quotas[interval], resource.baseline[interval], means[interval]];
            assert_eq!(told.map(|watts| watts.map(|watts| i128::from(watts.0))), expected.map(Some), "{name:?}: why");
        }
        let pay = why.pay.expect("settled");
        assert_eq!(
            (pay.claim, pay.paid, pay.penalty),
            (statement.claim, Some(statement.paid), Some(statement.penalty))
        );
        assert_eq!(pay.performance, statement.performance, "{name:?}: why, K");
        assert!(self.case.pay == Pay::Hunan || pay.performance == BasisPoints(ONE as u32));
        paid
    }
}
