"use strict";
const major = Number(process.versions.node.split(".")[0]);
if (major < 24) {
  console.error(
    `drydock: Node 24 is needed and this is ${process.version}. Run "npm ci" without --ignore-scripts so that the pinned "node" package installs it.`,
  );
  process.exit(2);
}
