import { Readable } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { receiveArchive } from "./artifacts/archive.ts";
import { RELEASE } from "./rules/archive-rules.ts";
import { archiveOf, packRelease, releaseArchive } from "./testing/release.ts";
import { TestDirector } from "./testing/director.ts";
import { applyChange, CLOUD, MANIFEST, RUNTIME } from "./rules/rule.ts";

/** Values that a document may hold in place of the expected ones. */
const ODD = fc.oneof(
  fc.constantFrom(null, "", " ", "a/b", "é", "x".repeat(300), "..", "((v))", "nil", "latest", "1.latest", "0", "-1"),
  fc.constantFrom(0, -1, 1.5, 2 ** 40, true, false),
  fc.constantFrom([], {}, [null], [[]], [{}], { name: "x" }, ["z1", "z1"], { a: { b: [1] } }),
  fc.string({ maxLength: 12, unit: "binary" }),
);

/** The paths of all places in a document. */
function placesOf(value: unknown, path = ""): string[] {
  if (typeof value !== "object" || value === null) return [path];
  const inner = Object.entries(value).flatMap(([key, each]) => placesOf(each, path === "" ? key : `${path}.${key}`));
  return path === "" ? inner : [path, ...inner];
}

const changeOf = (base: object): fc.Arbitrary<Record<string, unknown>> =>
  fc
    .array(fc.tuple(fc.constantFrom(...placesOf(base), "extra", "tags", "features", "variables"), ODD), {
      maxLength: 2,
    })
    .map((pairs) => Object.fromEntries(pairs));

/** A change has no effect if an earlier one removed its place. */
function changeWherePossible(base: object, change: Record<string, unknown>): unknown {
  try {
    return applyChange(base, change);
  } catch {
    return base;
  }
}

/** Names of members: the expected ones, and others. */
const ODD_NAME = fc.constantFrom(
  "release.MF",
  "stemcell.MF",
  "image",
  "jobs/j.tgz",
  "jobs/__proto__.tgz",
  "packages/constructor.tgz",
  "../out",
  "/etc/passwd",
  "a/../../b",
  "n".repeat(99),
  "",
);

const LISTS = [
  "/deployments",
  "/releases",
  "/stemcells",
  "/configs?latest=false",
  "/tasks?verbose=2",
  "/events",
  "/locks",
  "/disks",
  "/orphaned_vms",
  "/cleanup/dryrun?remove_all=true",
] as const;

/** Lists that are refused, with the answer. */
function brokenLists(director: TestDirector): string[] {
  const deployments = director.send("GET", "/deployments").json as { name: string }[];
  const own = deployments.flatMap(({ name }) =>
    ["", "/instances", "/vms", "/variables", "/problems", "/errands"].map(
      (part) => `/deployments/${encodeURIComponent(name)}${part}`,
    ),
  );
  return [...LISTS, ...own].flatMap((path) => {
    const { status, json } = director.send("GET", path);
    // A deployment that was never deployed has no manifest and no errands.
    const isFine = status === 200 || (path.endsWith("/errands") && status === 404);
    return isFine && json !== undefined ? [] : [`${path}: ${status}`];
  });
}

/** Deletes everything; returns what is left. */
function deleteAll(director: TestDirector): string[] {
  for (const { name } of director.send("GET", "/deployments").json as { name: string }[])
    director.task(director.send("DELETE", `/deployments/${encodeURIComponent(name)}?force=true`));
  for (const { name } of director.send("GET", "/releases").json as { name: string }[])
    director.task(director.send("DELETE", `/releases/${encodeURIComponent(name)}?force=true`));
  for (const { name, version } of director.send("GET", "/stemcells").json as { name: string; version: string }[])
    director.task(
      director.send("DELETE", `/stemcells/${encodeURIComponent(name)}/${encodeURIComponent(version)}?force=true`),
    );
  director.task(director.json("POST", "/cleanup", { config: { remove_all: true } }));
  const lists = ["/deployments", "/releases", "/stemcells", "/disks", "/orphaned_vms", "/locks"];
  return lists.filter((path) => (director.send("GET", path).json as unknown[]).length > 0);
}

describe("an odd input", () => {
  it("breaks no later list, accepted or not, and all that it creates can be deleted", async () => {
    const inputs = fc.record({ manifest: changeOf(MANIFEST), cloud: changeOf(CLOUD), runtime: changeOf(RUNTIME) });
    await fc.assert(
      fc.asyncProperty(fc.array(inputs, { minLength: 1, maxLength: 3 }), async (rounds) => {
        const director = new TestDirector();
        await director.ready();
        for (const { manifest, cloud, runtime } of rounds) {
          for (const [kind, base, change] of [
            ["cloud", CLOUD, cloud],
            ["runtime", RUNTIME, runtime],
          ] as const)
            director.send("POST", `/${kind}_configs?name=`, {
              type: "text/yaml",
              body: JSON.stringify(changeWherePossible(base, change)),
            });
          const body = JSON.stringify(changeWherePossible(MANIFEST, manifest));
          const reply = director.send("POST", "/deployments", { type: "text/yaml", body });
          if (reply.status === 303) director.task(reply);
          expect(brokenLists(director)).toEqual([]);
        }
        expect(deleteAll(director)).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  it("as the bytes of an archive breaks no later list, and leaves nothing that can't be deleted", async () => {
    const whole = packRelease(RELEASE.manifest);
    const odd = fc.tuple(
      fc.constantFrom("/releases", "/stemcells"),
      fc.oneof(
        fc.integer({ min: 0, max: whole.length }).map((length) => whole.subarray(0, length)),
        fc.tuple(fc.integer({ min: 0, max: whole.length - 1 }), fc.integer({ min: 0, max: 255 })).map(([at, byte]) => {
          const copy = Buffer.from(whole);
          copy[at] = byte;
          return copy;
        }),
        fc.dictionary(ODD_NAME, fc.string({ maxLength: 40, unit: "binary" }), { maxKeys: 4 }).map(archiveOf),
        fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes)),
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(odd, { minLength: 1, maxLength: 3 }), async (uploads) => {
        const director = new TestDirector();
        for (const [path, bytes] of uploads) {
          const received = await receiveArchive(Readable.from([bytes]));
          const reply = director.send("POST", path, { type: "application/x-compressed", received });
          if (reply.status === 303) director.task(reply);
          expect(brokenLists(director)).toEqual([]);
        }
        expect(deleteAll(director)).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  it("as a release breaks no later list, and can be deleted", async () => {
    const spec = RELEASE.manifest;
    await fc.assert(
      fc.asyncProperty(fc.array(changeOf(spec), { minLength: 1, maxLength: 4 }), async (changes) => {
        const director = new TestDirector();
        for (const change of changes) {
          const received = await releaseArchive(changeWherePossible(spec, change));
          director.task(director.send("POST", "/releases", { type: "application/x-compressed", received }));
          expect(brokenLists(director)).toEqual([]);
        }
        expect(deleteAll(director)).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });
});

/** How many inputs are drawn; DRYDOCK_RUNS overrides it. */
const RUNS = Number(process.env.DRYDOCK_RUNS ?? 15);
