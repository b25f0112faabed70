//! Areas that exist. The chain keeps no list of them: an area is where resources are registered.
//!
//! A resource stays in its area and a device's key is bound to it for good, so a mistyped area costs the key, and an
//! event in one holds its budget for nobody. So both are refused here before anything is signed.

use crate::{client::State, fault::Fault};
use anyhow::Result;
use loadstone_core::{AreaId, Resource, ResourceId};
use loadstone_evidence::keys;
use std::collections::BTreeSet;

/// Resources that are read at once.
const AT_ONCE: u32 = 200;

/// Areas that are listed; a list of more helps nobody who has mistyped one.
const LISTED: usize = 50;

/// Looks for a resource in `area`, newest first, so that an area that is in use is found at once.
///
/// # Errors
/// [`Fault::Usage`] when there is none; it lists the areas that have some and ends with `remedy`.
pub async fn look_for(state: &State<'_>, area: AreaId, remedy: &str) -> Result<()> {
    let mut end = state.get::<ResourceId>(keys::next_resource()).await?.unwrap_or_default().0;
    let mut known = BTreeSet::new();
    while end > 0 {
        let start = end.saturating_sub(AT_ONCE);
        let wanted: Vec<_> = (start..end).map(|id| keys::resource(ResourceId(id))).collect();
        let found = state.get_all::<Resource>(&wanted).await?;
        known.extend(found.into_iter().flatten().map(|resource| resource.area));
        if known.contains(&area) {
            return Ok(());
        }
        end = start;
    }
    Err(unknown(area, &known, remedy).into())
}

fn unknown(area: AreaId, known: &BTreeSet<AreaId>, remedy: &str) -> Fault {
    let mut listed: Vec<_> = known.iter().take(LISTED).map(AreaId::to_string).collect();
    if known.len() > LISTED {
        listed.push(format!("and {} more", known.len() - LISTED));
    }
    let others = match listed[..] {
        [] => "nor in any other".into(),
        _ => format!("but in {}", listed.join(", ")),
    };
    Fault::Usage(format!("no resource is registered in area {area}, {others}: {remedy}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_area_is_told_with_those_that_exist() {
        // GIVEN no area, some, and many
        let text =
            |known: std::ops::Range<u16>| unknown(AreaId(7), &known.map(AreaId).collect(), "do this").to_string();
        // THEN the text lists what there is, as far as that helps
        assert_eq!(text(0..0), "no resource is registered in area 7, nor in any other: do this");
        assert_eq!(text(1..4), "no resource is registered in area 7, but in 1, 2, 3: do this");
        assert!(text(100..500).contains("148, 149, and 350 more: do this"), "{}", text(100..500));
    }
}
