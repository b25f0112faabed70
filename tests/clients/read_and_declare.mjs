// A client that was not written for this chain reads it by its metadata alone and submits a declaration.

import assert from "node:assert/strict";
import { sr25519CreateDerive } from "@polkadot-labs/hdkd";
import { DEV_PHRASE, entropyToMiniSecret, mnemonicToEntropy } from "@polkadot-labs/hdkd-helpers";
import { createClient } from "polkadot-api";
import { getPolkadotSigner } from "polkadot-api/signer";
import { getWsProvider } from "polkadot-api/ws";
import { WebSocket } from "ws";

// Node.js 20 has no WebSocket of its own.
globalThis.WebSocket ??= WebSocket;

const { LOADSTONE_URL, LOADSTONE_SURI, LOADSTONE_EVENT, LOADSTONE_RESOURCE } = process.env;
const event = Number(LOADSTONE_EVENT);
const resource = Number(LOADSTONE_RESOURCE);

const pair = sr25519CreateDerive(entropyToMiniSecret(mnemonicToEntropy(DEV_PHRASE)))(LOADSTONE_SURI);
const signer = getPolkadotSigner(pair.publicKey, "Sr25519", pair.sign);
const client = createClient(getWsProvider(LOADSTONE_URL));

try {
  const { properties } = await client.getChainSpecData();
  assert.equal(properties.tokenSymbol, "CNY");
  const api = client.getUnsafeApi();

  // Storage, decoded by metadata.
  const opened = await api.query.Bids.Events.getValue(event);
  assert.equal(opened.phase.type, "Open");
  const latest = await api.query.DagAnchor.Latest.getValue();
  assert.ok(latest.number > 0);
  assert.ok(await api.query.Registry.Resources.getValue(resource));

  // A declaration, signed and submitted.
  const seal = `0x${"23".repeat(32)}`;
  const done = await api.tx.Bids.commit({ event, batch: 0, seal, resources: [resource] }).signAndSubmit(signer);
  assert.ok(done.ok, JSON.stringify(done.dispatchError));

  // Its event, as the client decoded it from the block.
  assert.ok(done.events.some(({ type, value }) => type === "Bids" && value.type === "BidCommitted"));
  console.log("polkadot-api: storage and events read, declaration committed");
} finally {
  client.destroy();
}
