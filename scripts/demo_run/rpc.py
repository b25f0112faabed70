"""A few JSON-RPC calls over HTTP, for watching validators while the demo runs."""

import json
import urllib.error
import urllib.request


def call(address, method, *params, timeout_s=5):
    """Result of `method` at the node whose RPC listens on `address` (host:port), or None while it does not answer."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}).encode()
    request = urllib.request.Request(
        f"http://{address}", data=body, headers={"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:
            return json.load(answer).get("result")
    except (urllib.error.URLError, ConnectionError, TimeoutError, json.JSONDecodeError):
        return None


def finalised_number(address):
    """Height of the newest finalised block, or None while the node does not answer."""
    head = call(address, "chain_getFinalizedHead")
    header = head and call(address, "chain_getHeader", head)
    return int(header["number"], 16) if header else None
