"""Balances read straight from the chain's state, so that conservation is not taken on anyone's word."""

import hashlib

from . import rpc

SYSTEM_ACCOUNT = "26aa394eea5630e07c48ae0c9558cef7b99d880ec681799c0cf30e8886371da9"
TOTAL_ISSUANCE = "c2261276cc9d1f8598ea4b6a74b15c2f57c875e4cff74148e4628f264b974c80"


def number_at(text, start, width):
    """Little-endian integer in SCALE bytes given as 0x-hex."""
    raw = bytes.fromhex(text[2:])
    return int.from_bytes(raw[start : start + width], "little")


def account_total(address, public_key, block):
    """Free plus reserved balance of an account, in micro-yuan."""
    raw = bytes.fromhex(public_key.removeprefix("0x"))
    key = "0x" + SYSTEM_ACCOUNT + hashlib.blake2b(raw, digest_size=16).hexdigest() + raw.hex()
    value = rpc.call(address, "state_getStorage", key, block)
    # nonce, consumers, providers and sufficients take four bytes each.
    return number_at(value, 16, 16) + number_at(value, 32, 16) if value else 0


def total_issuance(address, block):
    return number_at(rpc.call(address, "state_getStorage", "0x" + TOTAL_ISSUANCE, block), 0, 16)


def snapshot(address, accounts):
    """Totals of named accounts and the issuance at the finalised head."""
    block = rpc.call(address, "chain_getFinalizedHead")
    totals = {name: account_total(address, key, block) for name, key in accounts.items()}
    return {"accounts": totals, "issuance": total_issuance(address, block)}
