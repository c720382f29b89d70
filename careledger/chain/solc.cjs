#!/usr/bin/env node
// The part of the native solc command line that py-solc-x, Brownie and forge use, spoken by the
// npm package "solc" (the same compiler, built to WebAssembly).
"use strict";
const fs = require("node:fs");
const path = require("node:path");

function parse(argv) {
  const options = { mode: null, base: process.cwd(), include: [], allow: [] };
  for (let i = 0; i < argv.length; i++) {
    switch (argv[i]) {
      case "--version":
        options.mode = "version";
        break;
      case "--standard-json":
        options.mode = "standard-json";
        break;
      case "--base-path":
        options.base = path.resolve(argv[++i]);
        break;
      case "--include-path":
        options.include.push(path.resolve(argv[++i]));
        break;
      case "--allow-paths":
        options.allow = argv[++i].split(",").filter(Boolean);
        break;
      case "-":
        break;
      default:
        throw new Error(`unknown option '${argv[i]}': only --version and --standard-json are spoken here`);
    }
  }
  options.roots = [options.base, ...options.include, ...options.allow.map((p) => path.resolve(options.base, p))];
  return options;
}

function reader(options) {
  const inside = (file) => options.roots.some((root) => file === root || file.startsWith(path.join(root, path.sep)));
  return (name) => {
    const places = path.isAbsolute(name) ? [""] : [options.base, ...options.include];
    for (const place of places) {
      const file = path.resolve(place, name);
      if (!fs.existsSync(file)) continue;
      if (!inside(file)) return { error: `File outside of allowed directories: ${file}` };
      return { contents: fs.readFileSync(file, "utf8") };
    }
    return { error: `File not found: ${name}` };
  };
}

// A pipe takes 64 KiB at a time, and leaving early would cut the answer short.
function print(text) {
  const bytes = Buffer.from(text);
  for (let offset = 0; offset < bytes.length; ) {
    try {
      offset += fs.writeSync(1, bytes, offset);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

try {
  const options = parse(process.argv.slice(2));
  if (options.mode === null) throw new Error("say --version or --standard-json");
  const solc = require(require.resolve("solc", { paths: [__dirname, process.cwd()] }));
  if (options.mode === "version") {
    const version = solc.version().replace(".Emscripten.clang", ".Linux.g++");
    print(`solc, the solidity compiler commandline interface\nVersion: ${version}\n`);
  } else {
    print(solc.compile(fs.readFileSync(0, "utf8"), { import: reader(options) }) + "\n");
  }
} catch (error) {
  process.stderr.write(`solc: ${error.message}\n`);
  process.exitCode = 1;
}
