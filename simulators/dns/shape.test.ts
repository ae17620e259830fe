import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { ROUTES } from "./routes/index.ts";

const ROOT = fileURLToPath(new URL(".", import.meta.url));
const files = globSync("**/*.ts", { cwd: ROOT }).map((file) => file.replaceAll("\\", "/"));
const sources = files.filter((file) => !file.endsWith(".test.ts"));
const textOf = (file: string): string => readFileSync(join(ROOT, file), "utf8");

/**
 * The rooms from which each room may import, besides itself: the servers' state knows nothing of agents, and
 * neither knows routes.
 */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  state: ["wire", "config-entries"],
  "config-entries": ["state", "wire"],
  behaviour: ["state", "wire", "config-entries", "faults.ts"],
  resolver: ["state", "behaviour", "wire"],
  wire: ["state", "behaviour"],
  routes: ["state", "behaviour", "wire", "resolver", "config-entries"],
  bosh: ["behaviour", "wire", "resolver", "face.ts", "reply.ts"],
  zones: ["wire", "face.ts", "reply.ts"],
};
const LOOSE_FILES = ["face.ts", "faults.ts", "index.ts", "reply.ts", "testing.ts"];

/** The resources of Consul's API reference, by the file that serves them; a file may serve a part of one: `agent-checks`. */
const RESOURCES = [
  "acl",
  "agent",
  "catalog",
  "config",
  "connect",
  "coordinate",
  "discovery",
  "event",
  "health",
  "internal",
  "kv",
  "operator",
  "peering",
  "queries",
  "sessions",
  "snapshot",
  "status",
  "txn",
];
/** Paths that are not named like their file. */
const FILE_OF: Readonly<Record<string, string>> = {
  query: "queries",
  session: "sessions",
  peerings: "peering",
  exported: "peering",
};

function importsOf(file: string): readonly string[] {
  const specifiers = [...textOf(file).matchAll(/from "(\.{1,2}\/[^"]+)"/g)].map(([, path]) => path ?? "");
  return specifiers.map((path) => join(dirname(file), path).replaceAll("\\", "/"));
}

describe("the rooms of Consul's simulator", () => {
  it("hold every file except a few at the root", () => {
    expect(sources.filter((file) => !file.includes("/")).sort()).toEqual(LOOSE_FILES);
  });

  it.each(Object.entries(ROOMS))("%s imports only from %s", (room, allowed) => {
    const foreign = sources
      .filter((file) => file.startsWith(`${room}/`))
      .flatMap((file) => importsOf(file).map((target) => ({ file, target })))
      .filter(({ target }) => !target.startsWith("../") && ![room, ...allowed].includes(target.split("/")[0] ?? ""));
    expect(foreign).toEqual([]);
  });

  it("serve each resource of the API from the file of that name", () => {
    const served = files
      .filter((file) => file.startsWith("routes/") && !file.endsWith(".test.ts") && file !== "routes/index.ts")
      .flatMap((file) =>
        [...textOf(file).matchAll(/"\/v1\/([a-z]+)/g)].map(([, resource = ""]) => ({
          file: basename(file, ".ts").split("-")[0],
          resource: FILE_OF[resource] ?? resource,
        })),
      );
    expect(served.filter(({ file, resource }) => file !== resource)).toEqual([]);
    expect([...new Set(served.map(({ resource }) => resource))].sort()).toEqual(RESOURCES);
  });

  it("list a path once for each verb", () => {
    for (const routes of Object.values(ROUTES)) {
      const keys = routes.map(({ method, path }) => `${method} ${path}`);
      expect(new Set(keys).size).toBe(keys.length);
    }
  });
});
