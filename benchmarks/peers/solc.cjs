// Runs a solc of npm, named by the first argument, on a standard-JSON input that holds all its sources.
"use strict";
const fs = require("node:fs");

const solc = require(process.argv[2]);
const answer = Buffer.from(solc.compile(fs.readFileSync(0, "utf8")));
for (let written = 0; written < answer.length; ) {
  try {
    written += fs.writeSync(1, answer, written);
  } catch (error) {
    if (error.code !== "EAGAIN") throw error; // the pipe is full
  }
}
