//! A runtime with this pallet, four members of four organisations, two devices and two participants.

use crate as pallet_dag_anchor;
use crate::{AuthorityId, Pallet};
use frame_support::{
    derive_impl, parameter_types,
    traits::{ConstU32, ConstU64, OneSessionHandler},
};
use loadstone_core::{
    traits::{Conviction, Directory, OnAnchor, OnConviction},
    AccountId, AnchorNumber, Device, DeviceId, Hash, Incarnation, Level, MemberIndex, Millis, Name, OrganisationId,
    Participant, PublicKey, Resource, ResourceId, Role, Sequence,
};
use loadstone_dag::{
    Anchor, Body, BoundedCertificate, Readings, Slot, Unit, UnitContent, Witness, WitnessContent, WitnessRef,
};
use sp_core::{sr25519, Pair};
use sp_runtime::{traits::Convert, BuildStorage};
use std::cell::RefCell;

#[frame_support::runtime]
mod runtime {
    #[runtime::runtime]
    #[runtime::derive(
        RuntimeCall,
        RuntimeEvent,
        RuntimeError,
        RuntimeOrigin,
        RuntimeFreezeReason,
        RuntimeHoldReason,
        RuntimeSlashReason,
        RuntimeLockId,
        RuntimeTask,
        RuntimeViewFunction
    )]
    pub struct Test;

    #[runtime::pallet_index(0)]
    pub type System = frame_system::Pallet<Test>;
    #[runtime::pallet_index(1)]
    pub type Timestamp = pallet_timestamp::Pallet<Test>;
    #[runtime::pallet_index(2)]
    pub type DagAnchor = pallet_dag_anchor::Pallet<Test>;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type AccountId = AccountId;
    type Lookup = sp_runtime::traits::IdentityLookup<AccountId>;
    type Block = frame_system::mocking::MockBlockU32<Test>;
}

impl pallet_timestamp::Config for Test {
    type Moment = u64;
    type OnTimestampSet = ();
    type MinimumPeriod = ConstU64<1>;
    type WeightInfo = ();
}

pub const KEEP: u32 = 4;
pub const EPOCH_UNITS: u64 = 1_000;
pub const EPOCH_ANCHORS: u32 = 12;
pub const KEEP_EPOCHS: u32 = 3;
pub const HANDOVER: u32 = 5;
pub const REPORTER: AccountId = AccountId::new([100; 32]);
pub const FROZEN: AccountId = AccountId::new([101; 32]);
pub const STRANGER: AccountId = AccountId::new([102; 32]);

parameter_types! {
    pub const Priority: u64 = 1_000;
}

thread_local! {
    static TOLD: RefCell<Vec<(AnchorNumber, Millis)>> = const { RefCell::new(Vec::new()) };
    static CONVICTED: RefCell<Vec<Conviction>> = const { RefCell::new(Vec::new()) };
    static DEVICES: RefCell<Vec<Device>> = const { RefCell::new(Vec::new()) };
}

/// Keeps what it is told.
pub struct Listener;
impl OnAnchor for Listener {
    fn on_anchor(number: AnchorNumber, now: Millis) {
        TOLD.with_borrow_mut(|told| told.push((number, now)));
    }
}

impl OnConviction for Listener {
    fn on_conviction(conviction: Conviction) {
        CONVICTED.with_borrow_mut(|convicted| convicted.push(conviction));
    }
}

/// What the listener was last told of convictions.
pub fn last_conviction() -> Option<Conviction> {
    CONVICTED.with_borrow(|convicted| convicted.last().cloned())
}

/// Two participants, one of them frozen, and the devices of [`DEVICES`].
pub struct Book;
impl Directory for Book {
    fn participant(who: &AccountId) -> Option<Participant> {
        [&REPORTER, &FROZEN].contains(&who).then(|| Participant {
            role: Role::Auditor,
            organisation: OrganisationId(9),
            name: Name::default(),
            frozen: *who == FROZEN,
        })
    }
    fn resource(_: ResourceId) -> Option<Resource> {
        None
    }
    fn device(id: DeviceId) -> Option<Device> {
        DEVICES.with_borrow(|devices| devices.get(id.0 as usize).cloned())
    }
}

/// Member n belongs to organisation n + 1, member 40 to that of member 0; the stranger belongs to none.
pub struct Organisations;
impl Convert<AccountId, Option<OrganisationId>> for Organisations {
    fn convert(who: AccountId) -> Option<OrganisationId> {
        let bytes: &[u8] = who.as_ref();
        (who != STRANGER).then(|| OrganisationId(bytes[0] as u16 % 40 + 1))
    }
}

impl pallet_dag_anchor::Config for Test {
    type Time = Timestamp;
    type Directory = Book;
    type OrganisationOf = Organisations;
    type OnAnchor = Listener;
    type OnConviction = Listener;
    type KeepAnchors = ConstU32<KEEP>;
    type EpochUnits = ConstU64<EPOCH_UNITS>;
    type EpochAnchors = ConstU32<EPOCH_ANCHORS>;
    type KeepEpochs = ConstU32<KEEP_EPOCHS>;
    type Handover = ConstU32<HANDOVER>;
    type Priority = Priority;
    type WeightInfo = pallet_dag_anchor::weights::SubstrateWeight<Test>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Helper;
}

#[cfg(feature = "runtime-benchmarks")]
pub struct Helper;
#[cfg(feature = "runtime-benchmarks")]
impl crate::benchmarking::BenchmarkHelper for Helper {
    fn participant() -> AccountId {
        REPORTER
    }
    fn device(key: PublicKey) -> DeviceId {
        add_device(key)
    }
}

pub fn add_device(key: PublicKey) -> DeviceId {
    DEVICES.with_borrow_mut(|devices| {
        devices.push(Device { resource: ResourceId(0), key, incarnation: Incarnation(0), revoked: false });
        DeviceId(devices.len() as u32 - 1)
    })
}

pub fn member_account(index: u8) -> AccountId {
    AccountId::new([index; 32])
}

pub fn pair(name: &str) -> sr25519::Pair {
    sr25519::Pair::from_string(&format!("//{name}"), None).expect("a valid derivation path")
}

pub fn member_pair(index: u16) -> sr25519::Pair {
    pair(&format!("member{index}"))
}

pub fn validator(index: u8) -> (AccountId, AuthorityId) {
    (member_account(index), member_pair(index.into()).public().into())
}

pub fn validators(count: u8) -> Vec<(AccountId, AuthorityId)> {
    (0..count).map(validator).collect()
}

pub fn start_session(validators: &[(AccountId, AuthorityId)]) {
    let seats = || validators.iter().map(|(account, key)| (account, key.clone()));
    <Pallet<Test> as OneSessionHandler<AccountId>>::on_new_session(true, seats(), seats());
}

/// The anchor that may follow the latest one.
pub fn next_anchor() -> Anchor {
    let latest = crate::Latest::<Test>::get();
    Anchor {
        number: latest.as_ref().map_or(AnchorNumber(1), |latest| latest.number.next()),
        parent: latest.map(|latest| latest.hash()).unwrap_or_default(),
        epoch: crate::Epoch::<Test>::get(),
        root: Hash::repeat_byte(5),
        units: 10,
        readings: 100,
        ..Default::default()
    }
}

/// The anchor that may close the epoch, with nothing left to anchor.
pub fn closing_anchor() -> Anchor {
    Anchor { units: 0, readings: 0, root: Hash::zero(), heads: Some(Hash::repeat_byte(6)), ..next_anchor() }
}

/// Certificate over `message` by the named members in the order given.
pub fn certify(message: &[u8], members: &[u16]) -> BoundedCertificate {
    let signatures = members.iter().map(|index| (MemberIndex(*index), member_pair(*index).sign(message).0));
    signatures.collect::<Vec<_>>().try_into().expect("few members")
}

pub fn certificate(anchor: &Anchor, members: &[u16]) -> BoundedCertificate {
    certify(anchor.payload(&Pallet::<Test>::genesis()).as_bytes(), members)
}

/// Submits `anchor` as a block would: authorised first, then dispatched.
pub fn submit(anchor: Anchor, certificate: BoundedCertificate) -> Result<(), sp_runtime::DispatchError> {
    use frame_support::{dispatch::RawOrigin, pallet_prelude::TransactionSource};
    Pallet::<Test>::authorize_anchor(TransactionSource::External, &anchor, &certificate)
        .map_err(|_| sp_runtime::DispatchError::BadOrigin)?;
    Pallet::<Test>::submit_anchor(RawOrigin::Authorized.into(), anchor, certificate)
}

pub fn unit(device: DeviceId, sequence: u64, first_watts: u8, signer: &sr25519::Pair) -> Unit {
    let slot = Slot { device, incarnation: Incarnation(0), sequence: Sequence(sequence) };
    let body = Body::Readings(Readings {
        start: Millis(1_000),
        interval_ms: 1_000,
        event: None,
        doubtful: vec![],
        deltas: vec![first_watts],
    });
    let content = UnitContent { slot, previous: Hash::zero(), references: vec![], body };
    let signature = signer.sign(content.payload(&Pallet::<Test>::genesis()).as_bytes()).0;
    Unit { content, signature }
}

/// A witness of epoch 0 after one of its own that no other witness here follows.
pub fn witness(member: u16, level: u32, base: u32, signer: &sr25519::Pair) -> Witness {
    let hash = Hash::from_low_u64_be(u64::from(level) << 32 | u64::from(base));
    let content = WitnessContent {
        epoch: 0,
        member: MemberIndex(member),
        level: Level(level),
        previous: Some(WitnessRef { member: MemberIndex(member), level: Level(level.saturating_sub(1)), hash }),
        parents: vec![],
        latest: vec![],
        units: vec![],
        base: AnchorNumber(base),
        last: false,
    };
    sign_witness(content, signer)
}

pub fn sign_witness(content: WitnessContent, signer: &sr25519::Pair) -> Witness {
    let signature = signer.sign(content.payload(&Pallet::<Test>::genesis()).as_bytes()).0;
    Witness { content, signature }
}

pub fn told() -> Vec<(AnchorNumber, Millis)> {
    TOLD.with_borrow(Clone::clone)
}

pub fn new_test_ext() -> sp_io::TestExternalities {
    TOLD.with_borrow_mut(Vec::clear);
    DEVICES.with_borrow_mut(Vec::clear);
    let storage = RuntimeGenesisConfig::default().build_storage().expect("an empty genesis builds");
    let mut ext = sp_io::TestExternalities::new(storage);
    ext.register_extension(sp_keystore::KeystoreExt::new(sp_keystore::testing::MemoryKeystore::new()));
    ext.execute_with(|| {
        System::set_block_number(1);
        Timestamp::set_timestamp(50_000);
        let seats = validators(4);
        let seats = seats.iter().map(|(account, key)| (account, key.clone()));
        <Pallet<Test> as OneSessionHandler<AccountId>>::on_genesis_session(seats);
        add_device(pair("device0").public().0);
        add_device(pair("device1").public().0);
        System::reset_events();
    });
    ext
}

/// Runs `test` in a new state and checks the state's invariants after it.
pub fn run(test: impl FnOnce()) {
    new_test_ext().execute_with(|| {
        test();
        Pallet::<Test>::do_try_state().expect("the state is sound");
    });
}
