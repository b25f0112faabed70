//! Refuses to run one chain with the data of another.
//!
//! Substrate takes the chain from the database when there is one, and reads of the spec only its id.
//! Two networks of the same id would be taken for each other, and the operator would not notice.

use loadstone_runtime::Hash;
use std::path::Path;

/// Refuses when the genesis block described for chain `id` is not the one stored in `folder`.
pub fn compare(id: &str, described: Hash, stored: Hash, folder: &Path) -> Result<(), String> {
    if described == stored {
        return Ok(());
    }
    let folder = folder.display();
    Err(format!(
        "{folder} holds another chain than --chain describes: both have the id {id}, but the stored genesis is \
         {stored:?} and the described one {described:?}. Give the chain spec that this data belongs to, or name another \
         --base-path, or move `db`, `paritydb`, `dag` and `dag-counter` out of {folder} to start the described chain \
         afresh"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_of_another_chain_is_refused_with_its_path() {
        // GIVEN a data folder with a chain
        let folder = Path::new("/data/chains/loadstone");
        let stored = Hash::repeat_byte(1);
        // WHEN the spec describes the same chain
        // THEN the node may start
        assert!(compare("loadstone", stored, stored, folder).is_ok());
        // WHEN it describes another of the same id
        let text = compare("loadstone", Hash::repeat_byte(2), stored, folder).expect_err("the chains differ");
        // THEN the refusal says where the data is and what to do
        assert!(text.contains("/data/chains/loadstone") && text.contains("--base-path"), "{text}");
    }
}
