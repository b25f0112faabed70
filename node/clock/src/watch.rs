//! Asks the other validators what time it is as long as the node runs, and tells what follows.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use futures::{
    future::BoxFuture,
    stream::{FuturesUnordered, StreamExt},
    Future, FutureExt,
};
use parking_lot::RwLock;
use sc_network::{request_responses::IfDisconnected, NetworkRequest, PeerId, ProtocolName};
use substrate_prometheus_endpoint::{PrometheusError, Registry};
use tokio::time::MissedTickBehavior;

use crate::{
    gauges::Gauges,
    protocol::{question, read_answer},
    server::serve,
    ClockGuard, ClockProtocol, ClockStatus, Estimate, Estimator, Limits, Moment, Sample, Verdict, LOG,
};

/// How often the own clock is held against what is known: setting it shows as soon.
const LOOK: Duration = Duration::from_secs(1);

/// Looks after which a peer is asked again; peers are spread over them.
const ROUND: u64 = 10;

/// The same for a peer that has not answered for a minute.
const RETRY: u64 = 3;

/// Questions to a peer, of which the quickest counts.
const QUESTIONS: usize = 3;

/// Time after which a clock that is not good is spoken of again.
const REMINDER: Duration = Duration::from_secs(300);

/// The other validators of the chain's newest finalised block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validators {
    /// How many there are.
    pub others: usize,
    /// The peers of those that announced one.
    pub peers: BTreeSet<PeerId>,
}

/// What the watch needs of the node.
pub struct ClockParams<N> {
    /// The running network.
    pub network: N,
    /// What [`crate::protocol`] returned.
    pub protocol: ClockProtocol,
    /// Asks the chain who the other validators are; `None` when it can't be asked.
    pub validators: Box<dyn Fn() -> Option<Validators> + Send + Sync>,
    /// Length of the chain's slots.
    pub slot: Duration,
    /// For metrics.
    pub prometheus: Option<Registry>,
}

/// This node's two clocks; cheap to clone.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
}

impl Default for Clock {
    fn default() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock {
    /// What they show. A time of day before 1970 counts as 1970.
    pub fn now(&self) -> Moment {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Moment { monotonic_us: micros(self.start.elapsed()), wall_us: micros(wall) }
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// What runs as long as the node does, each in a task of its own: the answers must not wait for the watch.
pub struct ClockTasks {
    /// Answers the others.
    pub server: BoxFuture<'static, ()>,
    /// Asks them.
    pub watch: BoxFuture<'static, ()>,
}

/// Makes the server and the watch of a validator; other nodes need neither.
///
/// # Errors
/// When the metrics' names are taken.
pub fn start<N>(params: ClockParams<N>) -> Result<(ClockGuard, ClockTasks), PrometheusError>
where
    N: NetworkRequest + Clone + Send + Sync + 'static,
{
    let ClockParams { network, protocol: ClockProtocol { questions, name }, validators, slot, prometheus } = params;
    let watch = Watch {
        clock: Clock::default(),
        network,
        name,
        validators,
        admitted: Arc::default(),
        estimator: Estimator::default(),
        limits: Limits::for_slots_of(slot),
        slot,
        guard: ClockGuard::default(),
        gauges: prometheus.as_ref().map(Gauges::register).transpose()?,
        verdict: Verdict::default(),
        spoken: None,
    };
    let (guard, server) = (watch.guard.clone(), serve(watch.clock, watch.admitted.clone(), questions));
    Ok((guard, ClockTasks { server: server.boxed(), watch: watch.run().boxed() }))
}

struct Watch<N> {
    clock: Clock,
    network: N,
    name: ProtocolName,
    validators: Box<dyn Fn() -> Option<Validators> + Send + Sync>,
    admitted: Arc<RwLock<BTreeSet<PeerId>>>,
    estimator: Estimator<PeerId>,
    limits: Limits,
    slot: Duration,
    guard: ClockGuard,
    gauges: Option<Gauges>,
    verdict: Verdict,
    /// When something was said last.
    spoken: Option<Instant>,
}

impl<N> Watch<N>
where
    N: NetworkRequest + Clone + Send + Sync + 'static,
{
    async fn run(mut self) {
        let mut ticks = tokio::time::interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut asking = FuturesUnordered::new();
        let mut look = 0u64;
        loop {
            tokio::select! {
                _ = ticks.tick() => {
                    if look.is_multiple_of(ROUND) {
                        self.read_validators();
                    }
                    asking.extend(self.due(look).into_iter().map(|peer| self.ask(peer)));
                    self.tell();
                    look = look.wrapping_add(1);
                }
                Some((peer, sample)) = asking.next(), if !asking.is_empty() => self.take(peer, sample),
            }
        }
    }

    fn read_validators(&mut self) {
        let Some(Validators { others, peers }) = (self.validators)() else { return };
        self.estimator.set_others(others, |peer| peers.contains(peer));
        *self.admitted.write() = peers;
    }

    /// The peers to ask at this look.
    fn due(&self, look: u64) -> Vec<PeerId> {
        let now = self.clock.now();
        let admitted = self.admitted.read();
        let is_due = |(index, peer): &(u64, &PeerId)| {
            let round = if self.estimator.knows(peer, now) { ROUND } else { RETRY };
            index % round == look % round
        };
        (0u64..).zip(admitted.iter()).filter(is_due).map(|(_, peer)| *peer).collect()
    }

    fn take(&mut self, peer: PeerId, sample: Option<Sample>) {
        // Who was a validator when it was asked may be none now.
        if let Some(sample) = sample.filter(|_| self.admitted.read().contains(&peer)) {
            self.estimator.put(peer, sample);
        }
    }

    /// Asks a peer a few times in a row; the sharpest answer, if any.
    fn ask(&self, peer: PeerId) -> impl Future<Output = (PeerId, Option<Sample>)> + Send + 'static {
        let (clock, network, name) = (self.clock, self.network.clone(), self.name.clone());
        async move {
            let mut sharpest: Option<Sample> = None;
            for _ in 0..QUESTIONS {
                let sent_us = clock.now().monotonic_us;
                let answer = network.request(peer, name.clone(), question(), None, IfDisconnected::ImmediateError);
                // One that can't be asked or does not answer will not do so a moment later.
                let Ok((bytes, _)) = answer.await else { break };
                let came_us = clock.now().monotonic_us;
                let sample = read_answer(&bytes).and_then(|wall_us| Sample::new(sent_us, came_us, wall_us));
                let is_sharper = |sample: &Sample| sharpest.as_ref().is_none_or(|best| sample.is_sharper(best));
                if let Some(sample) = sample.filter(is_sharper) {
                    sharpest = Some(sample);
                }
            }
            (peer, sharpest)
        }
    }

    /// Puts the figures where they are read, and speaks of a change, or again of what has not become better.
    fn tell(&mut self) {
        let now = self.clock.now();
        let estimate = self.estimator.estimate(now);
        let before = self.verdict;
        self.verdict = before.next(estimate.as_ref(), &self.limits);
        let status = ClockStatus::new(estimate.as_ref(), self.estimator.peers(now), self.verdict);
        self.guard.set(status);
        if let Some(gauges) = &self.gauges {
            gauges.set(&status);
        }
        let is_new = before != self.verdict;
        if is_new || self.spoken.is_some_and(|spoken| spoken.elapsed() >= REMINDER) {
            self.speak(before, estimate);
            self.spoken = Some(Instant::now());
        }
    }

    fn speak(&self, before: Verdict, estimate: Option<Estimate>) {
        let slot_ms = self.slot.as_millis();
        let Some(estimate) = estimate else { return };
        let off = described(&estimate);
        if before == Verdict::FarOff && self.verdict != before {
            log::info!(target: LOG, "this node's clock is {off}: it makes blocks again");
        }
        match self.verdict {
            Verdict::FarOff => log::error!(
                target: LOG,
                "this node's clock is {off}, and slots last {slot_ms} ms: it makes no blocks until that is mended, and \
                 goes on voting. {REMEDY}",
            ),
            Verdict::Off => {
                log::warn!(target: LOG, "this node's clock is {off}, and slots last {slot_ms} ms. {REMEDY}");
            }
            Verdict::Doubtful => log::warn!(
                target: LOG,
                "whether this node's clock is right can't be told: it is {off}, with slots of {slot_ms} ms. The \
                 others' clocks disagree, or their answers take too long. {REMEDY}",
            ),
            Verdict::Good if matches!(before, Verdict::Off | Verdict::Doubtful) => {
                log::info!(target: LOG, "this node's clock is right again: {off}");
            }
            Verdict::Good | Verdict::Unknown => {}
        }
    }
}

/// What to do about a clock.
const REMEDY: &str = "Remedy: keep every validator's clock by NTP, for instance with chrony, and look at \
                      `chronyc tracking`";

fn described(estimate: &Estimate) -> String {
    let way = if estimate.deviation_us > 0 { "behind" } else { "ahead of" };
    let ms = |us: i64| format!("{}.{}", us.saturating_abs() / 1_000, us.saturating_abs() % 1_000 / 100);
    format!(
        "{} ms {way} the other validators' (give or take {} ms, from {} answers)",
        ms(estimate.deviation_us),
        ms(estimate.error_us),
        estimate.peers
    )
}

#[cfg(test)]
mod tests;
