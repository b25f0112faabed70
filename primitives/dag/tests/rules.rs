//! One rule of the ledger a test, with witnesses written by hand.

mod common;

use common::{
    build::{content, references, slot, unit, witness},
    crypto::{committee, TestCrypto, GENESIS},
};
use loadstone_core::{Hash, Level, MemberIndex, Millis};
use loadstone_dag::{
    CheckedUnit, CheckedWitness, Committee, Effect, EpochStart, Fault, HistoryRequest, Member, MemberConfig,
    MemberMessage, PersistItem, WitnessContent, WitnessFault,
};

const START: Millis = Millis(1_000);

/// Member 3 of four, which makes no witness of its own because it was never answered.
struct Observer {
    member: Member<TestCrypto>,
    committee: Committee,
    effects: Vec<Effect>,
}

impl Observer {
    fn new() -> Self {
        let committee = committee(4);
        let config = MemberConfig::new(GENESIS, MemberIndex(3), committee.clone());
        let member = Member::new(config, TestCrypto(MemberIndex(3)), EpochStart::default(), [], START);
        Self { member, committee, effects: Vec::new() }
    }

    /// Makes a witness of `content` with `units` and hands it to the observer.
    fn tell(&mut self, content: WitnessContent, units: &[&CheckedUnit]) -> CheckedWitness {
        let made = self.make(content, units);
        self.hand_in(&made, units);
        made
    }

    fn make(&self, mut content: WitnessContent, units: &[&CheckedUnit]) -> CheckedWitness {
        content.units = units.iter().map(|unit| unit.id()).collect();
        witness(content, &self.committee)
    }

    fn hand_in(&mut self, witness: &CheckedWitness, units: &[&CheckedUnit]) {
        let units = units.iter().map(|unit| (*unit).clone()).collect();
        let from = witness.reference().member;
        self.effects.extend(self.member.on_witness(from, witness.clone(), units, START));
    }

    /// Three levels by members 0 to 2 on top of `tips`, without new units.
    fn bury(&mut self, tips: [CheckedWitness; 3], levels: u32) -> [CheckedWitness; 3] {
        let mut tips = tips;
        for _ in 0..levels {
            let level = tips[0].reference().level.0 + 1;
            let next = |member: usize, observer: &mut Self| {
                let parents: Vec<_> = tips.iter().filter(|t| usize::from(t.reference().member.0) != member).collect();
                observer.tell(content(member as u16, level, Some(&tips[member]), &parents), &[])
            };
            tips = [next(0, self), next(1, self), next(2, self)];
        }
        tips
    }

    fn confirmed(&self) -> Vec<Hash> {
        let units = self.effects.iter().filter_map(|effect| match effect {
            Effect::Confirmed { unit, .. } => Some(*unit),
            _ => None,
        });
        units.collect()
    }

    fn accepted(&self) -> usize {
        self.effects.iter().filter(|effect| matches!(effect, Effect::Persist(PersistItem::Witness(..)))).count()
    }

    fn refusal(&self) -> Option<WitnessFault> {
        self.effects.iter().find_map(|effect| match effect {
            Effect::Evidence(Fault::Refused(_, fault)) => Some(*fault),
            _ => None,
        })
    }
}

#[test]
fn a_unit_is_confirmed_one_level_after_its_votes_and_not_before() {
    // GIVEN a unit that member 0 introduces at level 1
    let mut observer = Observer::new();
    let reading = unit(1, 0, Hash::zero(), 5);
    let first = [
        observer.tell(content(0, 1, None, &[]), &[&reading]),
        observer.tell(content(1, 1, None, &[]), &[]),
        observer.tell(content(2, 1, None, &[]), &[]),
    ];
    // WHEN level 2 votes for it and level 3 reaches these votes, but only twice
    let second = observer.bury(first, 1);
    let third = |member: usize| {
        let parents: Vec<_> = second.iter().filter(|w| usize::from(w.reference().member.0) != member).collect();
        content(member as u16, 3, Some(&second[member]), &parents)
    };
    observer.tell(third(0), &[]);
    observer.tell(third(1), &[]);
    // THEN two chains of four certify it, and it is not confirmed until the third does
    assert_eq!(observer.confirmed(), vec![]);
    observer.tell(third(2), &[]);
    assert_eq!(observer.confirmed(), vec![reading.id()]);
}

#[test]
fn the_smallest_id_wins_where_both_are_first_seen_and_a_lock_holds() {
    // GIVEN two units in one slot, introduced at level 1 by members 0 and 1
    let mut observer = Observer::new();
    let (one, other) = (unit(1, 0, Hash::zero(), 5), unit(1, 0, Hash::zero(), 6));
    let (small, large) = if one.id() < other.id() { (one, other) } else { (other, one) };
    let first = [
        observer.tell(content(0, 1, None, &[]), &[&large]),
        observer.tell(content(1, 1, None, &[]), &[&small]),
        observer.tell(content(2, 1, None, &[]), &[]),
    ];
    // WHEN member 2 votes for the smaller, while members 0 and 1 stay with their own
    observer.bury(first, 4);
    // THEN neither is confirmed: the votes are 1 to 2 of 4
    assert_eq!(observer.confirmed(), vec![]);
    // AND the fork is reported
    let is_fork = |effect: &Effect| matches!(effect, Effect::Evidence(Fault::DeviceFork(..)));
    assert_eq!(observer.effects.iter().filter(|effect| is_fork(effect)).count(), 1);
}

#[test]
fn what_all_see_at_once_goes_to_the_smallest_id() {
    // GIVEN two units in one slot that one witness introduces
    let mut observer = Observer::new();
    let (one, other) = (unit(1, 0, Hash::zero(), 5), unit(1, 0, Hash::zero(), 6));
    let first = [
        observer.tell(content(0, 1, None, &[]), &[&one, &other]),
        observer.tell(content(1, 1, None, &[]), &[]),
        observer.tell(content(2, 1, None, &[]), &[]),
    ];
    // WHEN the others bury it
    observer.bury(first, 2);
    // THEN the smaller id alone is confirmed
    assert_eq!(observer.confirmed(), vec![one.id().min(other.id())]);
}

#[test]
fn a_unit_waits_for_its_predecessor_and_then_both_are_voted_on() {
    // GIVEN a unit whose predecessor nobody has
    let mut observer = Observer::new();
    let first_unit = unit(1, 0, Hash::zero(), 5);
    let second_unit = unit(1, 1, first_unit.id(), 6);
    let first = [
        observer.tell(content(0, 1, None, &[]), &[&second_unit]),
        observer.tell(content(1, 1, None, &[]), &[]),
        observer.tell(content(2, 1, None, &[]), &[]),
    ];
    let tips = observer.bury(first, 3);
    assert_eq!(observer.confirmed(), vec![]);
    // WHEN the predecessor is introduced
    let parents = [&tips[1], &tips[2]];
    let level = tips[0].reference().level.0 + 1;
    let with = observer.tell(content(0, level, Some(&tips[0]), &parents), &[&first_unit]);
    let one = observer.tell(content(1, level, Some(&tips[1]), &[&tips[0], &tips[2]]), &[]);
    let two = observer.tell(content(2, level, Some(&tips[2]), &[&tips[0], &tips[1]]), &[]);
    observer.bury([with, one, two], 2);
    // THEN both are confirmed
    let mut confirmed = observer.confirmed();
    confirmed.sort();
    let mut both = vec![first_unit.id(), second_unit.id()];
    both.sort();
    assert_eq!(confirmed, both);
}

#[test]
fn an_equivocators_vote_counts_for_both_but_once_each() {
    // GIVEN member 0 with two witnesses at level 1, one for each of two units in a slot
    let mut observer = Observer::new();
    let (one, other) = (unit(1, 0, Hash::zero(), 5), unit(1, 0, Hash::zero(), 6));
    let left = observer.tell(content(0, 1, None, &[]), &[&one]);
    let right = observer.tell(content(0, 1, None, &[]), &[&other]);
    // THEN it is reported, once
    let is_fork = |effect: &&Effect| matches!(effect, Effect::Evidence(Fault::MemberFork(..)));
    assert_eq!(observer.effects.iter().filter(is_fork).count(), 1);
    // WHEN member 1 follows the first, member 2 the second
    let first = observer.tell(content(1, 1, None, &[]), &[]);
    let second = observer.tell(content(2, 1, None, &[]), &[]);
    let a = observer.tell(content(1, 2, Some(&first), &[&left, &second]), &[]);
    let b = observer.tell(content(2, 2, Some(&second), &[&right, &first]), &[]);
    // The second was left out as long as nobody named it.
    observer.hand_in(&right, &[&other]);
    let c = observer.tell(content(0, 2, Some(&left), &[&first, &second]), &[]);
    observer.bury([c, a, b], 4);
    // THEN all of it is taken in; each unit has two members' votes of four, and none is confirmed
    assert_eq!(observer.accepted(), 7 + 4 * 3);
    assert_eq!(observer.confirmed(), vec![]);
}

#[test]
fn a_witness_waits_for_its_history_which_is_asked_for() {
    // GIVEN a chain of which the observer gets the later part first
    let mut observer = Observer::new();
    let reading = unit(1, 0, Hash::zero(), 5);
    let first: Vec<_> = (0..3).map(|member| observer.make(content(member, 1, None, &[]), &[])).collect();
    let with_unit = observer.make(content(0, 2, Some(&first[0]), &[&first[1], &first[2]]), &[&reading]);
    observer.hand_in(&with_unit, &[&reading]);
    assert_eq!(observer.accepted(), 0);
    // WHEN time passes
    let effects = observer.member.tick(START.after(30));
    // THEN it asks the sender for exactly what is missing
    let mut missing: Vec<Hash> = first.iter().map(CheckedWitness::id).collect();
    missing.sort();
    let asked = effects.iter().find_map(|effect| match effect {
        Effect::Request(MemberIndex(0), HistoryRequest::Witnesses { wanted, .. }) if !wanted.is_empty() => Some(wanted),
        _ => None,
    });
    assert_eq!(asked, Some(&missing));
    // WHEN it comes, THEN all is taken in
    first.iter().for_each(|witness| observer.hand_in(witness, &[]));
    assert_eq!(observer.accepted(), 4);
    assert_eq!(observer.member.unit(&reading.id()), Some(reading.unit()));
}

#[test]
fn a_witness_without_its_bodies_waits_for_them() {
    // GIVEN a witness that comes without the unit that it introduces
    let mut observer = Observer::new();
    let reading = unit(1, 0, Hash::zero(), 5);
    let bare = observer.make(content(0, 1, None, &[]), &[&reading]);
    observer.hand_in(&bare, &[]);
    assert_eq!(observer.accepted(), 0);
    // WHEN it comes again with it, THEN it is taken in
    observer.hand_in(&bare, &[&reading]);
    assert_eq!(observer.accepted(), 1);
}

#[test]
fn a_reference_that_lies_about_level_or_author_is_refused() {
    for lie in 0..2 {
        // GIVEN a witness whose parent is said to be another member's or of another level
        let mut observer = Observer::new();
        let first: Vec<_> = (0..3).map(|member| observer.tell(content(member, 1, None, &[]), &[])).collect();
        let second = observer.bury([first[0].clone(), first[1].clone(), first[2].clone()], 1);
        let mut lying = content(0, 3, Some(&second[0]), &[&second[1], &second[2]]);
        if lie == 0 {
            lying.parents[1] = first[2].reference();
            lying.parents[1].level = Level(2);
        } else {
            lying.parents[0].hash = second[2].id();
        }
        // WHEN it comes THEN it is refused, and nothing else suffers
        observer.tell(lying, &[]);
        assert_eq!(observer.refusal(), Some(WitnessFault::Reference));
        let honest = observer.accepted();
        observer.bury(second, 1);
        assert_eq!(observer.accepted(), honest + 3);
    }
}

#[test]
fn a_base_anchor_in_the_future_waits_and_another_epoch_is_ignored() {
    let mut observer = Observer::new();
    // GIVEN a witness that names an anchor that is not finalised
    let mut early = content(0, 1, None, &[]);
    early.base.0 = 1;
    observer.tell(early, &[]);
    // THEN it is not taken in
    assert_eq!((observer.accepted(), observer.refusal()), (0, None));
    // GIVEN one of another epoch THEN it is left out, and nobody is accused
    let mut other = content(1, 1, None, &[]);
    other.epoch = 1;
    observer.tell(other, &[]);
    assert_eq!((observer.accepted(), observer.refusal()), (0, None));
}

#[test]
fn malformed_witnesses_are_refused_by_form() {
    let committee = committee(4);
    let level_one: Vec<_> = (0..4).map(|member| witness(content(member, 1, None, &[]), &committee)).collect();
    let [w0, w1, w2, w3] = [&level_one[0], &level_one[1], &level_one[2], &level_one[3]];
    let good = content(0, 2, Some(w0), &[w1, w2]);
    let fault = |change: &dyn Fn(&mut WitnessContent)| {
        let mut content = good.clone();
        change(&mut content);
        loadstone_dag::witness_form(&content, &committee).err()
    };
    assert_eq!(fault(&|_| ()), None);
    assert_eq!(fault(&|c| c.member = MemberIndex(4)), Some(WitnessFault::Stranger));
    assert_eq!(fault(&|c| c.level = Level(0)), Some(WitnessFault::Level));
    assert_eq!(fault(&|c| c.level = Level(1)), Some(WitnessFault::Level));
    assert_eq!(fault(&|c| c.previous = Some(w1.reference())), Some(WitnessFault::Previous));
    assert_eq!(fault(&|c| c.previous = None), Some(WitnessFault::Parents));
    assert_eq!(fault(&|c| c.parents = references(&[w1])), Some(WitnessFault::Parents));
    assert_eq!(fault(&|c| c.parents = references(&[w2, w1])), Some(WitnessFault::Parents));
    assert_eq!(fault(&|c| c.parents = references(&[w1, w1, w2])), Some(WitnessFault::Parents));
    assert_eq!(fault(&|c| c.parents = references(&[w0, w1, w2])), Some(WitnessFault::Parents));
    assert_eq!(fault(&|c| c.latest = references(&[w2])), Some(WitnessFault::Latest));
    assert_eq!(fault(&|c| c.latest = references(&[w3, w3])), Some(WitnessFault::Latest));
    assert_eq!(fault(&|c| c.latest = references(&[w3])), None);
    assert_eq!(fault(&|c| c.units = vec![Hash::zero(); 2]), Some(WitnessFault::Units));
}

#[test]
fn who_waits_at_a_level_is_joined_there() {
    // GIVEN a member that everybody answered, and a unit that all have confirmed
    let mut observer = Observer::new();
    let unit = unit(1, 0, Hash::zero(), 5);
    let first = [
        observer.tell(content(0, 1, None, &[]), &[&unit]),
        observer.tell(content(1, 1, None, &[]), &[]),
        observer.tell(content(2, 1, None, &[]), &[]),
    ];
    let tips = observer.bury(first, 5);
    assert_eq!(observer.confirmed(), vec![unit.id()]);
    for peer in 0..3 {
        observer.effects.extend(observer.member.on_witnesses(MemberIndex(peer), Vec::new(), START));
    }
    let made = |effects: &[Effect]| -> Vec<Level> {
        let witnesses = effects.iter().filter_map(|effect| match effect {
            Effect::Broadcast(MemberMessage::Witness(witness, _)) => Some(witness.content.level),
            _ => None,
        });
        witnesses.collect()
    };
    // THEN it has nothing to say
    observer.effects.extend(observer.member.tick(START.after(1_000)));
    assert_eq!(made(&observer.effects), vec![]);
    // WHEN another makes one more witness, so that a unit it gets now must wait for the others' of that level
    let top = tips[0].reference().level.0;
    observer.tell(content(1, top + 1, Some(&tips[1]), &[&tips[0], &tips[2]]), &[]);
    observer.effects.extend(observer.member.tick(START.after(2_000)));
    // THEN it makes one, too, and no second
    observer.effects.extend(observer.member.tick(START.after(3_000)));
    assert_eq!(made(&observer.effects), vec![Level(top + 1)]);
}

#[test]
fn a_restarted_member_goes_on_where_it_was() {
    // GIVEN a member of one that confirmed and wrote down a unit
    let config = MemberConfig::new(GENESIS, MemberIndex(0), committee(1));
    let mut member = Member::new(config.clone(), TestCrypto(MemberIndex(0)), EpochStart::default(), [], START);
    let mut disk = Vec::new();
    let keep = |effects: Vec<Effect>, disk: &mut Vec<PersistItem>| {
        for effect in effects {
            match effect {
                Effect::Persist(item) => disk.push(item),
                // What is sent was written before.
                Effect::Broadcast(MemberMessage::Witness(witness, units)) => {
                    assert_eq!(disk.last(), Some(&PersistItem::Witness(witness, units)));
                }
                _ => {}
            }
        }
    };
    keep(member.introduce(vec![unit(1, 0, Hash::zero(), 5)], START), &mut disk);
    let before = member.status();
    assert_eq!(before.newest.map(|own| own.level), Some(Level(1)));
    // WHEN it starts again from its disk and gets another unit
    let mut member = Member::new(config, TestCrypto(MemberIndex(0)), EpochStart::default(), disk.clone(), START);
    assert_eq!(member.status().newest, before.newest);
    let parent = member.unit(&unit(1, 0, Hash::zero(), 5).id()).map(|unit| unit.content.slot);
    assert_eq!(parent, Some(slot(1, 0)));
    let next = unit(1, 1, unit(1, 0, Hash::zero(), 5).id(), 6);
    keep(member.introduce(vec![next], START.after(100)), &mut disk);
    // THEN its next witness follows the last one
    let Some(PersistItem::Witness(last, _)) = disk.last() else { panic!("nothing written") };
    assert_eq!(last.content.previous, before.newest);
}
