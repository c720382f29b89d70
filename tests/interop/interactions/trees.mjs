// What OpenZeppelin's, merkletreejs's and ethers' code makes of the values and proofs on stdin.
import { readFileSync } from "node:fs";
import { StandardMerkleTree } from "@openzeppelin/merkle-tree";
import { AbiCoder, keccak256 } from "ethers";
import { MerkleTree } from "merkletreejs";

const WORDS = ["bytes32", "bytes32", "bytes32", "bytes32"];
const { values, proofs } = JSON.parse(readFileSync(0, "utf8"));
const attempt = (work) => {
  try {
    return work();
  } catch (error) {
    return `refused: ${error.message}`;
  }
};

const theirs = StandardMerkleTree.of(values, WORDS);
const abi = AbiCoder.defaultAbiCoder();
const leaves = values.map((value) => keccak256(keccak256(abi.encode(WORDS, value))));
// merkletreejs puts the leaves of the lower level first; OpenZeppelin's heap holds all of them from its end backwards.
const sorted = [...leaves].sort();
const lower = 2 * leaves.length - 2 ** Math.ceil(Math.log2(leaves.length));
const ordered = [...sorted.slice(0, lower).reverse(), ...sorted.slice(lower).reverse()];
const third = new MerkleTree(ordered, keccak256, { sortPairs: true, complete: true });

console.log(
  JSON.stringify({
    root: theirs.root,
    third: third.getHexRoot(),
    leaves: leaves.slice(0, 100),
    treeIndices: theirs.dump().values.map(({ treeIndex }) => treeIndex),
    answers: proofs.map(({ value, proof, root }) => ({
      standard: attempt(() => StandardMerkleTree.verify(root ?? theirs.root, WORDS, value, proof)),
      third: attempt(() =>
        MerkleTree.verify(proof, keccak256(keccak256(abi.encode(WORDS, value))), root ?? theirs.root, keccak256, {
          sortPairs: true,
        }),
      ),
    })),
    proofs: proofs.map(({ index }) => (index === undefined ? null : theirs.getProof(index))),
  }),
);
