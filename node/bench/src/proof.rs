//! Proofs of inclusion: size and time to check, by the number of units in an anchor.

use std::{hint::black_box, time::Instant};

use codec::Encode;
use loadstone_core::{merkle_proof, verify_merkle, DeviceId, Hash, Incarnation, Sequence};
use loadstone_dag::{leaves_root, AnchorLeaf, Slot};

use crate::figure::Sink;

/// Checks timed at each size.
const CHECKS: u32 = 10_000;

/// Anchors of 1,000 units and ten times as many up to `largest`.
pub fn measure(largest: u32, sink: &mut Sink) {
    let mut count = 1_000;
    while count <= largest {
        let leaves: Vec<AnchorLeaf> = (0..count).map(leaf).collect();
        let root = leaves_root(&leaves);
        let place = count / 3;
        let encoded: Vec<Vec<u8>> = leaves.iter().map(Encode::encode).collect();
        if let Some(proof) = merkle_proof(encoded.iter(), place) {
            let chosen = &encoded[place as usize];
            assert!(verify_merkle(&root, chosen, &proof), "the proof of a leaf holds");
            let start = Instant::now();
            for _ in 0..CHECKS {
                black_box(verify_merkle(black_box(&root), black_box(chosen), black_box(&proof)));
            }
            let params = serde_json::json!({ "units": count });
            sink.put("proof_bytes", proof.encoded_size() as f64, "B", &params);
            sink.put("proof_check_us", start.elapsed().as_secs_f64() * 1e6 / f64::from(CHECKS), "us", &params);
        }
        count *= 10;
    }
}

fn leaf(number: u32) -> AnchorLeaf {
    let slot = Slot { device: DeviceId(number), incarnation: Incarnation(0), sequence: Sequence(7) };
    let mut unit = Hash::repeat_byte(0x5a);
    unit.0[..4].copy_from_slice(&number.to_le_bytes());
    AnchorLeaf { slot, unit }
}
