//! `loadstone order verify-capsule`: an order's capsule checked offline.

use super::{super::verify::read_checkpoint, name_of};
use crate::{
    context::Context,
    fault::Fault,
    files,
    output::{hexed, moment, pairs},
    parse,
    spec::read_genesis,
};
use anyhow::{Context as _, Result};
use clap::{ArgGroup, Args};
use loadstone_core::{AreaId, BlockNumber, Direction, Hash, PublicKey, Watts};
use loadstone_evidence::{AuthoritySet, BrokenCapsule, Checkpoint, OrderCapsule, VerifiedOrder, MAX_CAPSULE_BYTES};
use loadstone_market::{Order, OrderRule};
use serde_json::{json, Value};
use std::{collections::BTreeSet, path::PathBuf};

/// Verifies an order's capsule offline, against the validators that the chain begins with or a checkpoint names.
///
/// It says that this order stood in a final block, not that none came after it.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("trust").required(true).args(["chain_spec", "checkpoint"])))]
pub struct Verify {
    /// The capsule.
    capsule: PathBuf,
    /// The chain's raw spec, whose validators are those of set 0.
    #[arg(long)]
    chain_spec: Option<PathBuf>,
    /// Hash of block 0 that the spec must have. Without it the spec's own is taken and printed: compare it.
    #[arg(long, value_parser = parse::hash, requires = "chain_spec", conflicts_with = "checkpoint")]
    genesis: Option<Hash>,
    /// A published checkpoint, as `loadstone verify --write-checkpoint` writes it: for a later set.
    #[arg(long)]
    checkpoint: Option<PathBuf>,
}

impl Verify {
    /// Carries the command out.
    ///
    /// # Errors
    /// [`Fault::Mismatch`] names the link that broke; [`Fault::Usage`] when a file is not there or never was what it
    /// should be.
    pub fn run(self, context: &Context) -> Result<()> {
        let bytes = files::read_up_to(&self.capsule, MAX_CAPSULE_BYTES as u64 + 1)?;
        if !resembles_capsule(&bytes) {
            return Err(Fault::Usage(format!("{} is no order capsule", self.capsule.display())).into());
        }
        let trust = self.trust()?;
        let proof = Proof::of(&bytes, trust.set)?;
        let origin = Origin {
            number: trust.number,
            hash: trust.hash,
            given: self.genesis.is_some() || self.checkpoint.is_some(),
        };
        origin.meets(&proof.verified)?;
        context.output().print(&proof.shown(&origin), || proof.people(&origin))
    }

    fn trust(&self) -> Result<Checkpoint> {
        let Some(spec) = &self.chain_spec else {
            let path = self.checkpoint.as_deref();
            return read_checkpoint(path.context("neither a chain spec nor a checkpoint was given")?);
        };
        let trust = read_genesis(spec)?;
        match self.genesis.filter(|genesis| *genesis != trust.hash) {
            Some(_) => {
                let text = format!("{} is of the chain that begins with {:?}", spec.display(), trust.hash);
                Err(Fault::Usage(text).into())
            }
            None => Ok(trust),
        }
    }
}

/// The block that trust starts from.
struct Origin {
    number: BlockNumber,
    hash: Hash,
    /// Whether it is more than what a file says of itself.
    given: bool,
}

impl Origin {
    /// Two final blocks of one height are of two chains.
    fn meets(&self, verified: &VerifiedOrder) -> Result<()> {
        if verified.number == self.number && verified.hash != self.hash {
            let text = "broken link: checkpoint: the capsule's block is another one of that height";
            return Err(Fault::Mismatch(text.into()).into());
        }
        Ok(())
    }
}

/// A capsule that holds.
struct Proof {
    area: AreaId,
    direction: Direction,
    set: AuthoritySet,
    signers: BTreeSet<PublicKey>,
    verified: VerifiedOrder,
}

impl Proof {
    fn of(bytes: &[u8], set: AuthoritySet) -> Result<Self> {
        let broken = |link: BrokenCapsule| {
            let hint = match link {
                BrokenCapsule::OtherSet(_) => format!(", and the validators given are set {}", set.id),
                _ => String::new(),
            };
            Fault::Mismatch(format!("broken link: {link}{hint}"))
        };
        let capsule = OrderCapsule::open(bytes).map_err(broken)?;
        let (area, direction) = (capsule.area, capsule.direction);
        let verified = capsule.verify(&set, area, direction).map_err(broken)?;
        Ok(Self { area, direction, signers: capsule.finalised.voters(), set, verified })
    }

    fn shown(&self, origin: &Origin) -> Value {
        let order = self.verified.order.as_ref();
        json!({
            "valid": true,
            "from": { "number": origin.number, "hash": origin.hash, "given": origin.given },
            "set_id": self.set.id,
            "authorities": self.set.authorities.len(),
            "signers": self.signers.iter().map(|key| hexed(key)).collect::<Vec<_>>(),
            "block": { "number": self.verified.number, "hash": self.verified.hash, "slot": self.verified.slot },
            "area": self.area,
            "direction": self.direction,
            "sequence": order.map(|order| order.sequence),
            "rule": order.map(|order| &order.rule),
            "target_w": order.and_then(target),
            "start_ms": order.map(|order| order.start),
            "end_ms": order.map(|order| order.end),
            "issued_at_ms": order.map(|order| order.issued_at),
            "reason": order.map(reason),
        })
    }

    fn people(&self, origin: &Origin) -> String {
        let given = if origin.given { "given" } else { "the spec's own: compare it with the published one" };
        let (set, verified) = (&self.set, &self.verified);
        let of_order = |what: &dyn Fn(&Order) -> String| verified.order.as_ref().map_or("none".into(), what);
        let mut text = pairs([
            ("trust", format!("block {} {:?} ({given})", origin.number, origin.hash)),
            ("final block", format!("{} ({:?})", verified.number, verified.hash)),
            ("area", self.area.to_string()),
            ("direction", name_of(self.direction).into()),
            ("sequence", of_order(&|order| order.sequence.to_string())),
            ("target", of_order(&wanted)),
            ("window", of_order(&|order| format!("{} to {}", moment(order.start), moment(order.end)))),
            ("reason", of_order(&reason)),
            ("signers", format!("{} of {} in set {}", self.signers.len(), set.authorities.len(), set.id)),
        ]);
        for key in &self.signers {
            text.push_str(&format!("\nsigned by    {}", hexed(key)));
        }
        text
    }
}

/// Watts wanted from the area, where the order itself says so.
fn target(order: &Order) -> Option<Watts> {
    match order.rule {
        OrderRule::Emergency { target, .. } => Some(target),
        OrderRule::Event(_) | OrderRule::Release => None,
    }
}

fn wanted(order: &Order) -> String {
    match order.rule {
        OrderRule::Event(event) => format!("what was awarded in event {event}"),
        OrderRule::Emergency { target, epoch, .. } => format!("{target} of what stands ready in epoch {epoch}"),
        OrderRule::Release => "none: the order before is released".into(),
    }
}

fn reason(order: &Order) -> String {
    String::from_utf8_lossy(&order.reason).into_owned()
}

/// Whether `bytes` were a capsule once: version, direction and the upper half of the set's id have few values, and the
/// block has a parent. One that was tampered with still has nearly all of that, a file of another kind never has.
fn resembles_capsule(bytes: &[u8]) -> bool {
    let Some(([version, _, _, direction, _, _, _, _, id @ ..], parent)) = bytes.split_first_chunk::<12>() else {
        return false;
    };
    let zeros = id.iter().filter(|byte| **byte == 0).count();
    let has_parent = parent.iter().take(32).any(|byte| *byte != 0);
    has_parent && usize::from(*version == 1) + usize::from(*direction <= 1) + zeros >= 5
}

#[cfg(test)]
#[path = "../../tests/capsule.rs"]
mod tests;
