//! The watch over a network in memory, whose peers answer with clocks of their own.

use super::*;
use crate::protocol::{answer, is_question};
use futures::channel::oneshot;
use sc_network::request_responses::RequestFailure;
use std::collections::BTreeMap;

type Answer = Result<(Vec<u8>, ProtocolName), RequestFailure>;

/// Peers by how many microseconds their clocks are ahead; those that are down have none.
#[derive(Clone, Default)]
struct Peers {
    ahead_us: Arc<RwLock<BTreeMap<PeerId, Option<i64>>>>,
}

impl Peers {
    fn set(&self, ahead_ms: impl IntoIterator<Item = Option<i64>>) {
        for (peer, ahead_ms) in self.ahead_us.write().values_mut().zip(ahead_ms) {
            *peer = ahead_ms.map(|ms| 1_000 * ms);
        }
    }
}

#[async_trait::async_trait]
impl NetworkRequest for Peers {
    async fn request(
        &self,
        target: PeerId,
        protocol: ProtocolName,
        request: Vec<u8>,
        _: Option<(Vec<u8>, ProtocolName)>,
        _: IfDisconnected,
    ) -> Answer {
        assert!(is_question(&request));
        let ahead_us = self.ahead_us.read().get(&target).copied().flatten().ok_or(RequestFailure::NotConnected)?;
        Ok((answer(Clock::default().now().wall_us + ahead_us), protocol))
    }

    fn start_request(
        &self,
        _: PeerId,
        _: ProtocolName,
        _: Vec<u8>,
        _: Option<(Vec<u8>, ProtocolName)>,
        _: oneshot::Sender<Answer>,
        _: IfDisconnected,
    ) {
        unreachable!("the watch waits for its answers")
    }
}

/// One of four validators on slots of 200 ms.
fn watch() -> (Peers, Watch<Peers>) {
    let network = Peers::default();
    *network.ahead_us.write() = (0..3).map(|_| (PeerId::random(), Some(0))).collect();
    let peers: BTreeSet<_> = network.ahead_us.read().keys().copied().collect();
    let slot = Duration::from_millis(200);
    let watch = Watch {
        clock: Clock::default(),
        network: network.clone(),
        name: "/clock/1".into(),
        validators: Box::new(move || Some(Validators { others: 3, peers: peers.clone() })),
        admitted: Arc::default(),
        estimator: Estimator::default(),
        limits: Limits::for_slots_of(slot),
        slot,
        guard: ClockGuard::default(),
        gauges: Some(Gauges::register(&Registry::new()).unwrap()),
        verdict: Verdict::default(),
        spoken: None,
    };
    (network, watch)
}

/// As many looks as it takes to ask everyone; how many were asked at each.
async fn round(watch: &mut Watch<Peers>) -> Vec<usize> {
    watch.read_validators();
    let mut asked = Vec::new();
    for look in 0..ROUND {
        let due = watch.due(look);
        asked.push(due.len());
        for peer in due {
            let (peer, sample) = watch.ask(peer).await;
            watch.take(peer, sample);
        }
    }
    watch.tell();
    asked
}

/// Whether the figure is this one, but for what a busy machine adds to a round trip.
fn shows(guard: &ClockGuard, ms: i64) -> bool {
    guard.status().deviation_ms.is_some_and(|deviation_ms| (deviation_ms - ms).abs() <= 10)
}

#[tokio::test]
async fn a_validator_whose_clock_is_far_off_stops_authoring_until_it_is_right() {
    // GIVEN a validator whose clock agrees with the three others'
    let (network, mut watch) = watch();
    let guard = watch.guard.clone();
    round(&mut watch).await;
    assert!(shows(&guard, 0) && guard.may_author() && guard.status().peers == 3);
    // WHEN the others' clocks are 150 ms behind THEN it leaves its slots, and says by how much it is off
    network.set([Some(-150); 3]);
    round(&mut watch).await;
    assert!(shows(&guard, -150) && !guard.may_author());
    // WHEN they agree again THEN it authors again
    network.set([Some(0); 3]);
    round(&mut watch).await;
    assert!(shows(&guard, 0) && guard.may_author());
}

#[tokio::test]
async fn one_that_lies_and_one_that_is_down_keep_nobody_from_authoring() {
    // GIVEN three others WHEN one is down and one lies THEN nothing is certain
    let (network, mut watch) = watch();
    network.set([Some(0), None, Some(-3_600_000)]);
    round(&mut watch).await;
    assert!(watch.guard.may_author());
    // WHEN two are down THEN there is no figure
    let (network, mut watch) = self::watch();
    network.set([Some(-60), None, None]);
    round(&mut watch).await;
    assert_eq!((watch.guard.status().deviation_ms, watch.guard.status().peers), (None, 1));
    assert!(watch.guard.may_author());
}

#[tokio::test]
async fn peers_are_asked_in_turn_and_those_that_are_silent_more_often() {
    // GIVEN peers that have answered WHEN a round goes by THEN each is asked once, at a look of its own
    let (_, mut watch) = watch();
    round(&mut watch).await;
    assert_eq!(round(&mut watch).await, [1, 1, 1, 0, 0, 0, 0, 0, 0, 0]);
    // GIVEN peers that have not THEN each is asked every third look, and strangers' answers count for nothing
    let (silent, mut watch) = self::watch();
    silent.set([None; 3]);
    assert_eq!(round(&mut watch).await, [1; 10]);
    watch.take(PeerId::random(), Sample::new(0, 1, 1_750_000_000_000_000));
    assert_eq!(watch.estimator.peers(watch.clock.now()), 0);
}
