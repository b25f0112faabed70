"""A client that was not written for this chain reads it by its metadata alone and submits a declaration."""

import os
import time

from substrateinterface import Keypair, SubstrateInterface


PATIENCE_S = 30


def finalised_event(chain, name, after):
    """The block after height `after` whose events hold `name`, once it is final.

    Read from the events: this client's own way, to look for the call in the block's body, fails on blocks
    with transactions of the general kind (version 5), which it does not decode.
    """
    deadline, height = time.monotonic() + PATIENCE_S, after
    while time.monotonic() < deadline:
        newest = chain.get_block_number(chain.get_chain_finalised_head())
        while height < newest:
            height += 1
            events = chain.get_events(chain.get_block_hash(height))
            if any(event.value["event_id"] == name for event in events):
                return height
        time.sleep(0.2)
    raise TimeoutError(f"no {name} in blocks {after + 1} to {height}")


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
    call = chain.compose_call(
        "Bids", "commit", {"event": event, "batch": 0, "seal": "0x" + "17" * 32, "resources": [[resource]]}
    )
    before = chain.get_block_number(chain.get_chain_finalised_head())
    chain.submit_extrinsic(chain.create_signed_extrinsic(call, bidder))

    # Its event and what it stored, read back.
    finalised_event(chain, "BidCommitted", before)
    kept = chain.query("Bids", "Commitments", [event, (bidder.ss58_address, 0)])
    assert kept.value["revealed"] is False, kept.value
    print("substrate-interface: storage and events read, declaration committed")


main()
