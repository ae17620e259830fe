import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { SERVICE_NAMES } from "./index.ts";

/** The rooms of a service, each of them a file or a folder. */
const ROOMS = ["state", "behaviour", "faults", "wire", "routes", "index"];
/** Names that say nothing of what is inside. */
const DRAWERS = ["surfaces", "misc", "proxies", "kinds", "people", "utils", "common", "helpers", "ops"];

const folderOf = (service: string): string => fileURLToPath(new URL(`${service}/`, import.meta.url));
const roomOf = (name: string): string => name.replace(/\.ts$/, "");
/** Tests, and what only tests use. */
const isTest = (name: string): boolean => name.endsWith(".test.ts") || name === "testing.ts" || name === "testing";

const filesOf = (service: string): readonly string[] =>
  readdirSync(folderOf(service), { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));

describe.each(SERVICE_NAMES)("%s", (service) => {
  it("has the rooms that every service has, and no others", () => {
    const rooms = new Set(
      readdirSync(folderOf(service))
        .filter((name) => !isTest(name))
        .map(roomOf),
    );
    expect([...rooms].sort()).toEqual([...ROOMS].sort());
  });

  it("keeps its routes in a folder, one file a resource", () => {
    expect(readdirSync(`${folderOf(service)}routes`).length).toBeGreaterThan(1);
  });

  it("has no folder with a meaningless name", () => {
    const names = filesOf(service).flatMap((path) => path.split("/").map(roomOf));
    expect(names.filter((name) => DRAWERS.includes(name))).toEqual([]);
  });

  it("declares its fault points in `faults.ts` only", () => {
    const declaring = filesOf(service).filter(
      (path) => !isTest(path) && /\bfaultPoint\(/.test(readFileSync(`${folderOf(service)}${path}`, "utf8")),
    );
    expect(declaring.filter((path) => path !== "faults.ts")).toEqual([]);
  });

  it("keeps state, behaviour and wire ignorant of the routes", () => {
    const knowing = filesOf(service).filter(
      (path) =>
        /^(state|behaviour|wire)\b/.test(path) &&
        !isTest(path) &&
        /from "[^"]*\/routes\//.test(readFileSync(`${folderOf(service)}${path}`, "utf8")),
    );
    expect(knowing).toEqual([]);
  });
});

it("gives names to the rooms that the services share", () => {
  const rooms = filesOf(".").map((path) => roomOf(path.split("/")[0] ?? ""));
  expect(rooms.filter((name) => DRAWERS.includes(name))).toEqual([]);
});
