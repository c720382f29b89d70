// A second implementation of docs/protocol/interactions.md: judge the receipt on stdin without a line of ours.
import { createHash, createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { AbiCoder, TypedDataEncoder, concat, encodeBytes32String, getBytes, keccak256, toBeHex } from "ethers";

const receipt = JSON.parse(readFileSync(0, "utf8"));
const { interaction, batch, log } = receipt;
const abi = AbiCoder.defaultAbiCoder();
const hmac = (key, data) => "0x" + createHmac("sha256", getBytes(key)).update(data).digest("hex");
const sha = (...parts) => "0x" + createHash("sha256").update(getBytes(concat(parts))).digest("hex");

const record = JSON.parse(receipt.record);
const length = (text) => {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(Buffer.byteLength(text));
  return Buffer.concat([size, Buffer.from(text)]);
};
const kinds = ["other", "call", "chat", "email", "message", "video", "visit", "post", "letter", "agreement"];
const domain = keccak256(
  abi.encode(
    ["bytes32", "uint256", "address"],
    [encodeBytes32String("careledger.interactions.v1"), receipt.chainId, receipt.contract],
  ),
);
const meta = (BigInt(interaction.kind) << 128n) | (BigInt(interaction.startedAt) << 64n) | BigInt(interaction.index);
const leaf = keccak256(keccak256(concat([domain, interaction.content, interaction.parties, toBeHex(meta, 32)])));
const root = batch.proof.reduce((node, other) => keccak256(concat(node < other ? [node, other] : [other, node])), leaf);

const entry = concat([
  domain,
  receipt.brand,
  toBeHex(batch.id, 8),
  toBeHex(batch.first, 8),
  toBeHex(batch.count, 4),
  toBeHex(batch.anchoredAt, 8),
  batch.root,
]);
let [node, place, last] = [sha("0x00", entry), batch.id, log.size - 1];
for (const sibling of log.proof) {
  if (place % 2 === 1 || place === last) {
    node = sha("0x01", sibling, node);
    while (place % 2 === 0 && place !== 0) [place, last] = [place >> 1, last >> 1];
  } else {
    node = sha("0x01", node, sibling);
  }
  [place, last] = [place >> 1, last >> 1];
}

const fields = [
  { name: "customer", type: "address" },
  { name: "brand", type: "address" },
  { name: "content", type: "bytes32" },
  { name: "parties", type: "bytes32" },
  { name: "kind", type: "uint16" },
  { name: "startedAt", type: "uint64" },
  { name: "index", type: "uint64" },
  { name: "deadline", type: "uint256" },
];
const signing = {
  name: "CareLedger InteractionLog",
  version: "1",
  chainId: receipt.chainId,
  verifyingContract: receipt.contract,
};
const promised = [...fields.slice(1, 6), { name: "anchorBy", type: "uint64" }];

console.log(
  JSON.stringify({
    content: hmac(receipt.salts.content, receipt.record) === interaction.content,
    parties:
      hmac(receipt.salts.parties, Buffer.concat([length(record.agent), length(record.customer)])) === interaction.parties,
    kind: kinds[interaction.kind] === record.kind,
    startedAt: Date.parse(record.startedAt) / 1000 === interaction.startedAt,
    index: batch.first <= interaction.index && interaction.index < batch.first + batch.count,
    root: root === batch.root,
    head: node === log.head,
    leaf,
    domain,
    entry,
    acknowledgement: TypedDataEncoder.hash(
      signing,
      { Acknowledgement: fields },
      { ...interaction, customer: receipt.brand, brand: receipt.brand, deadline: 2_000_000_000 },
    ),
    promise: TypedDataEncoder.hash(
      signing,
      { Promise: promised },
      { ...interaction, brand: receipt.brand, anchorBy: 2_000_000_000 },
    ),
  }),
);
