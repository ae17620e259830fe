import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { certify, osbSuite } from "../index.ts";
import { findOldNode, NO_OLD_NODE } from "./old-node.ts";

const FILE = fileURLToPath(new URL("../examples/tiny-broker/broker.mjs", import.meta.url));
const old = findOldNode();

it(`the tiny broker is conformant on the oldest Node of this machine (${old?.version ?? "none"})`, async ({ skip }) => {
  if (old === undefined) return skip(NO_OLD_NODE);
  const env = { ...process.env, BROKER_PASSWORD: "of-the-test" };
  const broker = spawn(old.path, [FILE, "0"], { stdio: ["ignore", "pipe", "inherit"], env });
  try {
    const [line] = (await once(broker.stdout, "data")) as [Buffer];
    const url = `http://127.0.0.1:${/\d+/.exec(line.toString())?.[0]}`;
    const summary = await certify({ url, username: "admin", password: "of-the-test", suites: [osbSuite] });
    expect(summary.statement).toMatch(/^Conformant\. /);
  } finally {
    broker.kill();
  }
});
