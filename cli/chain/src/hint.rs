//! What to do about a refusal of the runtime, where its own words do not say it.

/// The remedy for an error by its name, `Pallet.Error`.
pub fn hint(name: &str) -> Option<&'static str> {
    Some(match name.rsplit_once('.').map_or(name, |(_, error)| error) {
        "RoleNotHeld" => "`loadstone participant list` tells who holds which role; sign with that account's key",
        "NotRegistered" => "the council registers participants: `loadstone participant register --help`",
        "UnknownProgramme" => "`loadstone programme list` shows all",
        "UnknownEvent" => "`loadstone status` shows the newest event",
        "UnknownResource" => "`loadstone resource list` shows all",
        "UnknownCase" => "`loadstone supervision cases` shows all",
        "WrongPhase" => "`loadstone status EVENT` tells its phase",
        "NotCommitted" => "`loadstone status EVENT` tells who has bid; `--batch` counts from 0",
        "NotDisputable" => {
            "it opens when the event is scored and lasts the programme's `dispute_ms`: `loadstone status EVENT`"
        }
        "NotHeard" => "`loadstone dispute show EVENT` tells what is heard",
        "EventOrderInForce" => "wait for its end, or end it with `loadstone release`",
        "StartTooSoon" => "let it start later, or close its gate sooner; the programme's `reveal_ms` lies between",
        "Token(FundsUnavailable)" => {
            "the account holds less than the call needs: a smaller budget, or more money first"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_all_pallets_have_their_remedy() {
        // GIVEN one error of two pallets THEN both have the same remedy, and an unknown one has none
        assert_eq!(hint("Bids.RoleNotHeld"), hint("Dispatch.RoleNotHeld"));
        assert!(hint("Token(FundsUnavailable)").is_some());
        assert_eq!(hint("Bids.BondTooSmallForUs"), None);
    }
}
