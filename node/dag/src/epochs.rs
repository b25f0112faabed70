//! Following the chain from epoch to epoch: closing, leaving, catching up, taking the next seat.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use loadstone_core::{AccountId, Level, MemberIndex, ValidatorInfo};
use loadstone_dag::{Anchor, Committee, DeviceHead, EpochStart, LedgerState, MemberConfig, PersistItem};

use crate::{
    catch_up::{CatchUp, CatchUpError},
    chain::BlockRef,
    counter::{Entry, SigningCounter},
    crypto::{MemberCrypto, Signer},
    road::Roster,
    seat::{place, NodeMember},
    store::{Store, StoreError},
    worker::{newest_of, Running, WorkerError},
    writer::Pen,
};

/// Finalised blocks between two looks at the validators' peers.
const ROSTER_BLOCKS: u32 = 10;

/// Time that the state machine has to close an epoch that is over on chain; then its anchors are fetched.
const GRACE: Duration = Duration::from_secs(3);

/// What is to be done next.
enum Step {
    /// Nothing until something new is heard.
    Wait,
    /// Tell the state machine that its epoch is closing.
    Close,
    /// Tell the state machine of an anchor.
    Finalise(Anchor),
    /// Give the state machine up: its epoch is over, and the others have left it.
    Abandon,
    /// Fetch anchors up to this one; with the start of an epoch where it closes one.
    Fetch(Anchor, bool),
    /// Take up the epoch in force.
    Enter(EpochStart, bool),
}

impl Running {
    /// Does everything that the chain's state calls for.
    pub async fn steer(&mut self) -> Result<(), WorkerError> {
        while !self.worker.health.is_failed() {
            if let Some((anchor, heads)) = self.closed.take() {
                self.leave(anchor, heads).await?;
            }
            let Some(state) = self.state.clone() else { return Ok(()) };
            match self.step(&state)? {
                Step::Wait => return Ok(()),
                Step::Close => {
                    self.feed(|member, now| member.close(now)).await?;
                    if self.closed.is_none() {
                        return Ok(());
                    }
                }
                Step::Finalise(anchor) => {
                    self.latest = anchor.number;
                    self.feed(|member, now| member.on_anchor_finalised(&anchor, now)).await?;
                }
                Step::Abandon => self.abandon(),
                Step::Fetch(target, wants_start) => {
                    self.fetch = Some(self.start_fetch(&state, target, wants_start));
                    return Ok(());
                }
                Step::Enter(start, is_live) => self.enter(&state, start, is_live).await?,
            }
        }
        Ok(())
    }

    fn step(&mut self, state: &LedgerState) -> Result<Step, WorkerError> {
        let has_member = self.worker.seat.lock().member.is_some();
        if has_member {
            return Ok(self.step_of_member(state));
        }
        if self.fetch.is_some() {
            return Ok(Step::Wait);
        }
        if self.seated == Some(state.epoch) {
            let held = self.held()?;
            let news = state.latest.clone().filter(|latest| latest.number > held);
            return Ok(news.map_or(Step::Wait, |latest| self.fetch_step(latest, false)));
        }
        if let Some((start, is_live)) = self.next.take().filter(|(start, _)| start.anchor == state.start) {
            return Ok(Step::Enter(start, is_live));
        }
        if let Some((epoch, start)) = self.worker.disk.store.epoch()?.filter(|_| self.seated.is_none()) {
            if epoch == state.epoch && start.anchor == state.start {
                return Ok(Step::Enter(start, false));
            }
        }
        self.first_start(state)?;
        Ok(match state.start.clone() {
            Some(closing) => self.fetch_step(closing, true),
            None => Step::Enter(EpochStart::default(), false),
        })
    }

    /// A node that never held anything makes its counter before it fetches history: from then on, a missing
    /// one is a lost one.
    fn first_start(&self, state: &LedgerState) -> Result<(), WorkerError> {
        let store = &self.worker.disk.store;
        let is_fresh = store.epoch()?.is_none() && store.last_anchor()?.is_none();
        if self.seated.is_some() || !is_fresh || self.worker.counter.exists() {
            return Ok(());
        }
        let signer = Signer::find(&self.worker.keystore, state.committee.iter().map(|member| member.key));
        let entry = Entry {
            genesis: self.worker.chain.genesis(),
            key: signer.map(|(_, signer)| signer.key()).unwrap_or_default(),
            epoch: state.epoch,
            own: Vec::new(),
            is_fresh,
            is_live: false,
        };
        SigningCounter::enter(&self.worker.counter, &entry)?;
        Ok(())
    }

    /// Members answer validators only.
    fn fetch_step(&self, target: Anchor, wants_start: bool) -> Step {
        if self.is_validator {
            return Step::Fetch(target, wants_start);
        }
        Step::Wait
    }

    fn step_of_member(&mut self, state: &LedgerState) -> Step {
        let seated = self.seated.unwrap_or_default();
        if state.epoch <= seated {
            self.outrun = None;
            if let Some(latest) = state.latest.clone().filter(|latest| latest.number > self.latest) {
                return Step::Finalise(latest);
            }
            let is_told = self.worker.seat.status().is_some_and(|status| status.closing);
            return if state.closing && !is_told { Step::Close } else { Step::Wait };
        }
        let outrun = *self.outrun.get_or_insert_with(Instant::now);
        let closing = state.start.clone().filter(|_| state.epoch == seated + 1);
        if let Some(closing) = closing.filter(|closing| closing.number > self.latest) {
            return Step::Finalise(closing);
        }
        if state.epoch > seated + 1 || outrun.elapsed() > GRACE {
            return Step::Abandon;
        }
        Step::Wait
    }

    /// The state machine closed its epoch.
    async fn leave(&mut self, anchor: Anchor, heads: Vec<DeviceHead>) -> Result<(), WorkerError> {
        log::info!(target: crate::LOG, "epoch {} is closed by anchor {}", anchor.epoch, anchor.number);
        self.abandon();
        self.settle().await?;
        self.next = Some((EpochStart { anchor: Some(anchor), heads }, true));
        Ok(())
    }

    fn abandon(&mut self) {
        let member = self.worker.seat.lock().member.take();
        self.outrun = None;
        self.queued = 0;
        if let Some(member) = member {
            self.leftover.extend(member.into_leftover());
        }
    }

    fn start_fetch(&mut self, state: &LedgerState, target: Anchor, wants_start: bool) -> crate::worker::Fetch {
        let members = (0u16..).map(MemberIndex).take(state.committee.len());
        let head = *self.worker.head.borrow();
        self.install_roster(state, head);
        let worker = &self.worker;
        let job = CatchUp::new(
            worker.chain.genesis(),
            worker.disk.store.clone(),
            worker.messenger.clone(),
            worker.registry.clone(),
            worker.head.subscribe(),
            members.filter(|member| Some(*member) != self.own_index(state)).collect(),
        );
        tokio::spawn(job.run(target, wants_start))
    }

    /// This node's place in the committee on chain, by key.
    fn own_index(&self, state: &LedgerState) -> Option<MemberIndex> {
        let (index, _) = Signer::find(&self.worker.keystore, state.committee.iter().map(|member| member.key))?;
        u16::try_from(index).ok().map(MemberIndex)
    }

    /// A fetch has ended.
    pub async fn fetched(&mut self, fetched: Result<Option<EpochStart>, CatchUpError>) -> Result<(), WorkerError> {
        match fetched {
            Ok(Some(start)) => self.next = Some((start, false)),
            Ok(None) => {}
            Err(CatchUpError::Store(error)) => return Err(error.into()),
            Err(CatchUpError::Diverged(number)) => {
                log::error!(target: crate::LOG, "anchor {number} on chain does not follow from ours");
                self.worker.diverged.store(true, std::sync::atomic::Ordering::Relaxed);
                return Ok(());
            }
            Err(error @ CatchUpError::Task(_)) => log::error!(target: crate::LOG, "{error}"),
        }
        self.steer().await
    }

    /// Takes up the epoch in force.
    async fn enter(&mut self, state: &LedgerState, start: EpochStart, is_live: bool) -> Result<(), WorkerError> {
        self.settle().await?;
        let head = *self.worker.head.borrow();
        let keys = state.committee.iter().map(|member| (member.key, member.weight)).collect();
        let committee = Committee::new(keys).map_err(|_| WorkerError::Committee)?;
        let validators = match self.worker.chain.validators(head.hash) {
            Ok(validators) => validators,
            Err(error) => {
                // The next block will do.
                self.next = Some((start, is_live));
                return Err(error.into());
            }
        };
        let found = place(&self.worker.keystore, &self.worker.own, &state.committee, &validators);
        let (store, epoch) = (self.worker.disk.store.clone(), state.epoch);
        let begun = tokio::task::spawn_blocking(move || begin(&store, epoch, &start).map(|begun| (begun, start)));
        let ((is_fresh, journal), start) = begun.await??;
        let me = found.as_ref().map(|(me, _)| *me);
        let own = own_levels(&journal, me);
        let signer = self.take_pen(state.epoch, me, found.and_then(|(_, signer)| signer), own, (is_fresh, is_live))?;
        let (genesis, crypto) = (self.worker.chain.genesis(), MemberCrypto(signer.clone()));
        self.latest = start.anchor.as_ref().map_or_else(Default::default, |anchor| anchor.number);
        let count = journal.len();
        let member = me.map(|me| {
            let mut config = MemberConfig::new(genesis, me, committee.clone());
            config.epoch = state.epoch;
            NodeMember::new(config, crypto, start, journal, self.clock.now())
        });
        {
            let mut seat = self.worker.seat.lock();
            seat.epoch = state.epoch;
            seat.members.clone_from(&state.committee);
            seat.committee = Some(Arc::new(committee));
            seat.me = me;
            seat.member = member;
        }
        self.seated = Some(state.epoch);
        self.roster_at = None;
        self.refresh_roster(head);
        self.worker.recording.seat(state.committee.clone(), me, signer.clone());
        log::info!(
            target: crate::LOG,
            "epoch {}: member {}, signing: {}, {count} items restored",
            state.epoch, me.map_or_else(|| "none".into(), |me| me.to_string()), signer.is_some(),
        );
        self.reintroduce().await?;
        self.show();
        Ok(())
    }

    /// The signer, if this node may sign in this epoch.
    fn take_pen(
        &mut self,
        epoch: u32,
        me: Option<MemberIndex>,
        signer: Option<Signer>,
        own: Vec<Level>,
        (is_fresh, is_live): (bool, bool),
    ) -> Result<Option<Signer>, WorkerError> {
        self.mute = me.filter(|_| signer.is_none()).map(|_| "the member's key is not in the keystore".into());
        let newest = own.iter().max().copied().unwrap_or_default();
        self.worker.disk.durable.reset(epoch, newest);
        let key = signer.as_ref().map(Signer::key).unwrap_or_default();
        let entry = Entry { genesis: self.worker.chain.genesis(), key, epoch, own, is_fresh, is_live };
        let counter = match signer.is_some() {
            true => Some(SigningCounter::enter(&self.worker.counter, &entry)?),
            false => None,
        };
        let (counter, objection) = counter.unzip();
        if let Some(reason) = objection.flatten().filter(|_| signer.is_some()) {
            log::error!(target: crate::LOG, "this node signs nothing in epoch {epoch}: {reason}");
            self.mute = Some(reason.into());
        }
        let signer = signer.filter(|_| self.mute.is_none());
        *self.worker.disk.pen.lock() = Pen { me, counter: counter.filter(|_| signer.is_some()) };
        Ok(signer)
    }

    /// Introduces again what the epoch before left over.
    async fn reintroduce(&mut self) -> Result<(), WorkerError> {
        let leftover = std::mem::take(&mut self.leftover);
        let mut units = Vec::with_capacity(leftover.len());
        for unit in leftover {
            if self.worker.disk.store.place(&unit.unit().content.slot)?.is_none() {
                units.push(unit);
            }
        }
        if units.is_empty() {
            return Ok(());
        }
        log::info!(target: crate::LOG, "{} units are introduced again", units.len());
        self.feed(|member, now| member.introduce(units, now)).await
    }

    /// Admits the validators as they stand on chain, every now and then.
    pub fn refresh_roster(&mut self, head: BlockRef) {
        let is_fresh = self.roster_at.is_some_and(|at| head.number.saturating_sub(at) < ROSTER_BLOCKS);
        let Some(state) = self.state.clone().filter(|_| !is_fresh) else { return };
        if self.install_roster(&state, head) {
            self.roster_at = Some(head.number);
        }
    }

    /// While the state machine lives in another epoch than the chain, members are those of its own.
    fn install_roster(&mut self, state: &LedgerState, head: BlockRef) -> bool {
        let validators = match self.worker.chain.validators(head.hash) {
            Ok(validators) => validators,
            Err(error) => {
                log::warn!(target: crate::LOG, "the validators at block {} can't be read: {error}", head.number);
                return false;
            }
        };
        let members = {
            let seat = self.worker.seat.lock();
            if seat.member.is_some() {
                seat.members.clone()
            } else {
                state.committee.clone()
            }
        };
        let own = &self.worker.own;
        self.is_validator = validators.iter().any(|(_, info)| info.peer[..] == own.0[..]);
        self.worker.messenger.set_roster(match self.is_validator || self.own_index(state).is_some() {
            true => Roster::new(&members, &validators, own),
            // Members would turn it away again and again.
            false => Roster::default(),
        });
        let gateways = gateways(state, &validators);
        self.worker.door.change(|plate| plate.elsewhere = gateways);
        true
    }

    /// The newest anchor on chain as of the last block.
    pub fn on_chain(&self) -> loadstone_core::AnchorNumber {
        self.state.as_ref().map_or_else(Default::default, newest_of)
    }
}

/// Begins the epoch in the database, or finds it there: whether that is new altogether, and the journal.
fn begin(store: &Store, epoch: u32, start: &EpochStart) -> Result<(bool, Vec<PersistItem>), StoreError> {
    let is_fresh = store.epoch()?.is_none() && store.last_anchor()?.is_none();
    store.begin_epoch(epoch, start)?;
    let journal = store.journal()?.collect::<Result<_, _>>()?;
    Ok((is_fresh, journal))
}

/// Addresses of the members' gateways.
fn gateways(state: &LedgerState, validators: &[(AccountId, ValidatorInfo)]) -> Vec<String> {
    let is_member = |account: &AccountId| state.committee.iter().any(|member| member.account == *account);
    let announced = validators.iter().filter(|(account, info)| is_member(account) && !info.gateway.is_empty());
    announced.filter_map(|(_, info)| String::from_utf8(info.gateway.to_vec()).ok()).collect()
}

/// Levels of this node's witnesses in the journal.
fn own_levels(journal: &[PersistItem], me: Option<MemberIndex>) -> Vec<Level> {
    let own = journal.iter().filter_map(|item| match item {
        PersistItem::Witness(witness, _) if Some(witness.content.member) == me => Some(witness.content.level),
        _ => None,
    });
    own.collect()
}
