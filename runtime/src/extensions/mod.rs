//! The pipeline that every transaction passes before and after its call.

mod admission;
mod nonce;

use crate::Runtime;

pub use admission::{priority, CheckAdmission, Refusal, HISTORY_PRIORITY, ORDER_PRIORITY, OTHER_PRIORITY};
pub use nonce::{CheckNonce, MAX_PENDING};

/// The pipeline, in order. Cheap checks and the quota come before anything that a call could touch.
/// Admission comes before the nonce, which would tell a stranger that it can't pay.
pub type TxExtension = (
    frame_system::AuthorizeCall<Runtime>,
    frame_system::CheckNonZeroSender<Runtime>,
    frame_system::CheckSpecVersion<Runtime>,
    frame_system::CheckTxVersion<Runtime>,
    frame_system::CheckGenesis<Runtime>,
    frame_system::CheckMortality<Runtime>,
    CheckAdmission,
    CheckNonce,
    frame_system::CheckWeight<Runtime>,
    frame_system::WeightReclaim<Runtime>,
);

/// The pipeline of a feeless transaction: nobody signs, the call authorises itself.
pub fn feeless() -> TxExtension {
    signed(0, sp_runtime::generic::Era::Immortal)
}

/// The pipeline of a signed transaction with this nonce.
pub fn signed(nonce: crate::Nonce, era: sp_runtime::generic::Era) -> TxExtension {
    (
        frame_system::AuthorizeCall::new(),
        frame_system::CheckNonZeroSender::new(),
        frame_system::CheckSpecVersion::new(),
        frame_system::CheckTxVersion::new(),
        frame_system::CheckGenesis::new(),
        frame_system::CheckMortality::from(era),
        CheckAdmission,
        CheckNonce::from(nonce),
        frame_system::CheckWeight::new(),
        frame_system::WeightReclaim::new(),
    )
}
