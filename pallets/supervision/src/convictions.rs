//! Convictions of devices and members, which other pallets found proven: each becomes a case by itself.

use crate::{cases::Find, CaseOf, Cases, Config, Pallet, WeightInfo};
use frame_support::dispatch::DispatchClass;
use loadstone_core::traits::{Conviction, Directory, OnConviction};
use loadstone_market::supervision::{Evidence, Subject};

impl<T: Config> Pallet<T> {
    fn find(conviction: Conviction) -> Option<Find> {
        Some(match conviction {
            Conviction::DeviceFork { device, count } => {
                let resource = T::Directory::device(device)?.resource;
                let account = T::Directory::resource(resource)?.owner;
                let evidence = Evidence::Equivocation { count };
                Find { subject: Subject::Resource(resource), account, event: None, evidence }
            }
            Conviction::MemberFork { member, count } => {
                let evidence = Evidence::Equivocation { count };
                Find { subject: Subject::Participant(member.clone()), account: member, event: None, evidence }
            }
            Conviction::WrongRecord { member, event, resource } => {
                let evidence = Evidence::WrongRecord { resource };
                Find { subject: Subject::Participant(member.clone()), account: member, event: Some(event), evidence }
            }
        })
    }
}

impl<T: Config> OnConviction for Pallet<T> {
    /// One more of the same joins the open case, which then counts it. The weight is registered here, since convictions come in
    /// calls of other pallets.
    fn on_conviction(conviction: Conviction) {
        frame_system::Pallet::<T>::register_extra_weight_unchecked(T::WeightInfo::flag(), DispatchClass::Normal);
        let Some(find) = Self::find(conviction) else { return };
        let place = (find.evidence.suspicion(), find.subject.clone(), find.event);
        match CaseOf::<T>::get(place) {
            Some(id) if find.event.is_none() => Cases::<T>::mutate(id, |case| {
                if let Some(case) = case {
                    case.evidence = find.evidence;
                }
            }),
            // That there is one already, or are too many, holds nobody up; the latter is told by an event.
            _ => {
                let _ = Self::open_case(find, None);
            }
        }
    }
}
