//! Benchmarks of every call, and signing helpers that other pallets' benchmarks use too.

use crate::{
    Anchors, Call, Committee, Config, DeviceFaults, Epoch, Latest, MemberFaults, Members, NextCommittee, Pallet,
    PastCommittees, Peaks, KEY_TYPE,
};
use alloc::{boxed::Box, vec, vec::Vec};
use codec::Encode;
use frame_benchmarking::v2::*;
use frame_support::{
    pallet_prelude::TransactionSource,
    traits::{Authorize, Get},
};
use frame_system::RawOrigin;
use loadstone_core::{
    AccountId, AnchorNumber, BoundedVec, DeviceId, Hash, Incarnation, Level, Member, MemberIndex, Millis, MmrPeaks,
    OrganisationId, PublicKey, Sequence, Signature,
};
use loadstone_dag::{
    Anchor, Body, BoundedCertificate, Readings, Slot, Unit, UnitContent, Witness, WitnessContent, WitnessRef,
    MAX_MEMBERS, MAX_WITNESS_UNITS,
};

/// What the benchmarks need of other pallets.
pub trait BenchmarkHelper {
    /// A registered participant that may report.
    fn participant() -> AccountId;
    /// Registers a device of incarnation 0 that signs with `key`.
    fn device(key: PublicKey) -> DeviceId;
}

/// A new key in the keystore.
pub fn new_key() -> PublicKey {
    sp_io::crypto::sr25519_generate(KEY_TYPE, None).0
}

/// Signs `message` with a key of the keystore.
pub fn sign(key: &PublicKey, message: &[u8]) -> Signature {
    let public = sp_core::sr25519::Public::from_raw(*key);
    sp_io::crypto::sr25519_sign(KEY_TYPE, &public, message).map(|signature| signature.0).unwrap_or([0; 64])
}

fn new_committee(members: u32) -> Members {
    let seats: Vec<Member> = (0..members)
        .map(|index| Member {
            account: account("member", index, 0),
            organisation: OrganisationId(index as u16),
            key: new_key(),
            weight: 1,
        })
        .collect();
    Members::truncate_from(seats)
}

/// Seats a committee of `members` whose keys are in the keystore.
pub fn seat_committee<T: Config>(members: u32) {
    Committee::<T>::put(new_committee(members));
}

/// An epoch so late that the next one forgets a committee, closing for another committee.
fn close_late_epoch<T: Config>() {
    seat_committee::<T>(MAX_MEMBERS as u32);
    let epoch = T::KeepEpochs::get();
    Epoch::<T>::put(epoch);
    PastCommittees::<T>::insert(0, Committee::<T>::get());
    NextCommittee::<T>::put(new_committee(MAX_MEMBERS as u32));
}

/// The oldest anchor is due to be pruned, and the next leaf joins every peak of a long range.
fn lengthen_range<T: Config>() {
    Latest::<T>::mutate(|latest| {
        if let Some(latest) = latest {
            latest.number = AnchorNumber(T::KeepAnchors::get());
        }
    });
    let peaks = vec![Hash::repeat_byte(4); 24];
    Peaks::<T>::put(MmrPeaks { leaves: (1 << 24) - 1, peaks: BoundedVec::truncate_from(peaks) });
}

/// Certificate of the whole committee over `message`.
pub fn certify<T: Config>(message: &[u8]) -> BoundedCertificate {
    let signatures = Committee::<T>::get()
        .iter()
        .enumerate()
        .map(|(index, member)| (MemberIndex(index as u16), sign(&member.key, message)))
        .collect();
    BoundedCertificate::truncate_from(signatures)
}

/// Accepts anchors until `number` is the latest, as if they had been certified.
pub fn accept_anchors<T: Config>(number: u32) -> Result<(), BenchmarkError> {
    while Latest::<T>::get().is_none_or(|latest| latest.number.0 < number) {
        Pallet::<T>::accept(next_anchor::<T>()).map_err(|_| BenchmarkError::Stop("anchor refused"))?;
    }
    Ok(())
}

fn next_anchor<T: Config>() -> Anchor {
    let latest = Latest::<T>::get();
    Anchor {
        number: latest.as_ref().map_or(AnchorNumber(0), |latest| latest.number).next(),
        parent: latest.map(|latest| latest.hash()).unwrap_or_default(),
        epoch: Epoch::<T>::get(),
        units: 1_000,
        readings: 60_000,
        ..Default::default()
    }
}

fn unit<T: Config>(device: DeviceId, key: &PublicKey, start: u64, bytes: usize) -> Unit {
    let slot = Slot { device, incarnation: Incarnation(0), sequence: Sequence(1) };
    let body = Body::Readings(Readings {
        start: Millis(start),
        interval_ms: 1_000,
        event: None,
        doubtful: vec![],
        deltas: vec![1; bytes],
    });
    let content = UnitContent { slot, previous: Hash::repeat_byte(1), references: vec![], body };
    let signature = sign(key, content.payload(&Pallet::<T>::genesis()).as_bytes());
    Unit { content, signature }
}

fn witness<T: Config>(key: &PublicKey, base: u32, units: usize) -> Witness {
    let named = |level| WitnessRef { member: MemberIndex(0), level, hash: Hash::repeat_byte(2) };
    let content = WitnessContent {
        epoch: 0,
        member: MemberIndex(0),
        level: Level(9),
        previous: Some(named(Level(8))),
        parents: vec![named(Level(8)); MAX_MEMBERS],
        latest: vec![],
        units: vec![Hash::repeat_byte(3); units],
        base: AnchorNumber(base),
        last: false,
    };
    let signature = sign(key, content.payload(&Pallet::<T>::genesis()).as_bytes());
    Witness { content, signature }
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn submit_anchor() -> Result<(), BenchmarkError> {
        seat_committee::<T>(MAX_MEMBERS as u32);
        accept_anchors::<T>(1)?;
        lengthen_range::<T>();
        // So many anchors fill an epoch: its closing is opened too.
        let anchor = next_anchor::<T>();
        let certificate = certify::<T>(anchor.payload(&Pallet::<T>::genesis()).as_bytes());
        let number = anchor.number;

        #[extrinsic_call]
        _(RawOrigin::Authorized, anchor, certificate);

        assert_eq!(Latest::<T>::get().map(|latest| latest.number), Some(number));
        assert_eq!(Peaks::<T>::get().peaks.len(), 1);
        assert!(!Anchors::<T>::contains_key(AnchorNumber(1)));
        assert!(NextCommittee::<T>::exists());
        Ok(())
    }

    #[benchmark]
    fn submit_closing_anchor() -> Result<(), BenchmarkError> {
        seat_committee::<T>(MAX_MEMBERS as u32);
        accept_anchors::<T>(1)?;
        lengthen_range::<T>();
        close_late_epoch::<T>();
        let epoch = Epoch::<T>::get();
        let anchor = Anchor { heads: Some(Hash::repeat_byte(6)), ..next_anchor::<T>() };
        let certificate = certify::<T>(anchor.payload(&Pallet::<T>::genesis()).as_bytes());

        #[extrinsic_call]
        submit_anchor(RawOrigin::Authorized, anchor, certificate);

        assert_eq!(Epoch::<T>::get(), epoch + 1);
        assert!(!Anchors::<T>::contains_key(AnchorNumber(1)));
        assert!(!PastCommittees::<T>::contains_key(0));
        Ok(())
    }

    #[benchmark]
    fn authorize_submit_anchor(s: Linear<1, { MAX_MEMBERS as u32 }>) -> Result<(), BenchmarkError> {
        seat_committee::<T>(s);
        accept_anchors::<T>(3)?;
        let anchor = next_anchor::<T>();
        let certificate = certify::<T>(anchor.payload(&Pallet::<T>::genesis()).as_bytes());
        let call = Call::<T>::submit_anchor { anchor, certificate };

        #[block]
        {
            call.authorize(TransactionSource::External).ok_or("the call must be authorised")??;
        }

        Ok(())
    }

    #[benchmark]
    fn report_device_fork(b: Linear<400, 1_800>) -> Result<(), BenchmarkError> {
        let reporter = T::BenchmarkHelper::participant();
        let key = new_key();
        let device = T::BenchmarkHelper::device(key);
        let overhead = unit::<T>(device, &key, 0, 64).encoded_size() - 64;
        let readings = (b as usize / 2).saturating_sub(overhead);
        let first = Box::new(unit::<T>(device, &key, 10_000, readings));
        let second = Box::new(unit::<T>(device, &key, 20_000, readings));

        #[extrinsic_call]
        _(RawOrigin::Signed(reporter), first, second);

        assert_eq!(DeviceFaults::<T>::get(device).map(|fault| fault.count), Some(1));
        Ok(())
    }

    #[benchmark]
    fn report_member_fork(b: Linear<6_000, 70_000>) -> Result<(), BenchmarkError> {
        seat_committee::<T>(MAX_MEMBERS as u32);
        let reporter = T::BenchmarkHelper::participant();
        let key = Committee::<T>::get()[0].key;
        let overhead = witness::<T>(&key, 0, 0).encoded_size();
        let units = ((b as usize / 2).saturating_sub(overhead) / 32).min(MAX_WITNESS_UNITS);
        let first = Box::new(witness::<T>(&key, 1, units));
        let second = Box::new(witness::<T>(&key, 2, units));

        #[extrinsic_call]
        _(RawOrigin::Signed(reporter), first, second);

        let member = account("member", 0, 0);
        assert_eq!(MemberFaults::<T>::get::<AccountId>(member).map(|fault| fault.count), Some(1));
        Ok(())
    }

    #[benchmark]
    fn force_close() -> Result<(), BenchmarkError> {
        seat_committee::<T>(MAX_MEMBERS as u32);

        #[extrinsic_call]
        _(RawOrigin::Root);

        assert!(NextCommittee::<T>::exists());
        Ok(())
    }

    #[benchmark]
    fn force_epoch() -> Result<(), BenchmarkError> {
        seat_committee::<T>(MAX_MEMBERS as u32);
        accept_anchors::<T>(1)?;
        close_late_epoch::<T>();
        let epoch = Epoch::<T>::get();

        #[extrinsic_call]
        _(RawOrigin::Root);

        assert_eq!(Epoch::<T>::get(), epoch + 1);
        assert!(!PastCommittees::<T>::contains_key(0));
        Ok(())
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
