"""A client that was not written for this chain reads it by its metadata alone and submits a declaration."""

import os

from substrateinterface import Keypair, SubstrateInterface


def main():
    chain = SubstrateInterface(url=os.environ["LOADSTONE_URL"])
    event, resource = int(os.environ["LOADSTONE_EVENT"]), int(os.environ["LOADSTONE_RESOURCE"])
    bidder = Keypair.create_from_uri(os.environ["LOADSTONE_SURI"], ss58_format=42)

    assert chain.token_symbol == "CNY" and chain.token_decimals == 6, (chain.token_symbol, chain.token_decimals)

    # Storage, decoded by metadata.
    opened = chain.query("Bids", "Events", [event])
    assert opened.value["phase"] == "Open", opened.value
    held = chain.query("Registry", "Resources", [resource])
    assert held.value["owner"] == bidder.ss58_address, held.value
    latest = chain.query("DagAnchor", "Latest")
    assert latest.value["number"] > 0, latest.value

    # A declaration, signed and submitted.
    call = chain.compose_call("Bids", "commit", {"event": event, "seal": "0x" + "17" * 32, "resources": [[resource]]})
    receipt = chain.submit_extrinsic(chain.create_signed_extrinsic(call, bidder), wait_for_finalization=True)
    assert receipt.is_success, receipt.error_message

    # Its event, read back from the block.
    names = [record.value["event_id"] for record in receipt.triggered_events]
    assert "BidCommitted" in names, names
    kept = chain.query("Bids", "Commitments", [event, bidder.ss58_address])
    assert kept.value["revealed"] is False, kept.value
    print("substrate-interface: storage and events read, declaration committed")


main()
