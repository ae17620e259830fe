import { readdirSync } from "node:fs";
import { expect, it } from "vitest";

/** The files that may stand beside the director's folders. */
const WINGS = [
  "agent",
  "artifacts",
  "auth",
  "configs",
  "cpi",
  "deploy",
  "events",
  "instances",
  "links",
  "monitor",
  "openstack-cpi",
  "parity",
  "problems",
  "routes",
  "rules",
  "state",
  "tasks",
  "templates",
  "testing",
  "wire",
];
const FILES = ["README.md", "faults.ts", "index.ts"];

it("keeps every file of the director in the wing that is named for it", () => {
  const entries = readdirSync(new URL(".", import.meta.url)).filter((name) => !name.endsWith(".test.ts"));
  expect(entries.sort()).toEqual([...WINGS, ...FILES].sort());
});
