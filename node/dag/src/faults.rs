//! Tells the operator of breaches of the rules.

use loadstone_dag::Fault;

/// Breaches go to the log: reporting them on chain is for participants with an account.
pub fn report(fault: &Fault) {
    match fault {
        Fault::StateLost => log::error!(
            target: super::LOG,
            "another member holds a witness of ours that we lost: this node signs no more with this key",
        ),
        Fault::AnchorDiffers(number) => log::error!(
            target: super::LOG,
            "anchor {number} on chain differs from our own computation: this node follows the ledger no further",
        ),
        Fault::DeviceFork(one, other) => log::warn!(
            target: super::LOG,
            "device {} forked its chain at sequence {}: signatures 0x{} and 0x{}",
            one.content.slot.device,
            one.content.slot.sequence,
            hex::encode(one.signature),
            hex::encode(other.signature),
        ),
        Fault::MemberFork(one, other) => log::error!(
            target: super::LOG,
            "member {} made two witnesses where one is allowed: levels {} and {}",
            one.content.member,
            one.content.level,
            other.content.level,
        ),
        Fault::Refused(member, fault) => {
            log::warn!(target: super::LOG, "refused a witness by member {member}: {fault:?}");
        }
    }
}
