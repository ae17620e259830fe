#!/usr/bin/env node
"use strict";
// Plain CommonJS that any Node understands: starts the command on the pinned Node 24, whatever node the machine has.
const { existsSync } = require("node:fs");
const { join } = require("node:path");

const NEEDED = 24;
const source = join(__dirname, "main.ts");
// A published package holds no sources: Node refuses to strip types under node_modules.
const entry = existsSync(source) ? source : join(__dirname, "..", "dist", "cli", "main.js");

function pinnedNode() {
  try {
    return require.resolve("node/bin/node");
  } catch {
    return undefined;
  }
}

function runOn(node) {
  const { spawn } = require("node:child_process");
  const child = spawn(node, [__filename, ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error(`drydock: the pinned Node could not be started: ${error.message}`);
    process.exit(2);
  });
  child.on("exit", (code, signal) => (signal ? process.kill(process.pid, signal) : process.exit(code)));
}

function runHere() {
  // What is compiled once is kept in a folder of Node's own, so that the next command starts sooner.
  require("node:module").enableCompileCache();
  void import(require("node:url").pathToFileURL(entry).href);
}

function start() {
  if (Number(process.versions.node.split(".")[0]) >= NEEDED) return runHere();
  const node = pinnedNode();
  if (node !== undefined) return runOn(node);
  console.error(
    `drydock: Node ${NEEDED} is needed and this is ${process.version}. Install with scripts allowed, so that the pinned "node" package brings it, or use a Node ${NEEDED}.`,
  );
  process.exit(2);
}

// The version needs neither the pinned Node nor anything to be loaded.
if (process.argv.length === 3 && ["--version", "-V"].includes(process.argv[2])) {
  console.log(require("../package.json").version);
} else {
  start();
}
