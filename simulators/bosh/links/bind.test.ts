import { beforeAll, expect, it } from "vitest";
import { TestDirector } from "../testing/director.ts";

/* What `/links` and `/link_providers` show after each deploy, as upstream's own code answered. `prov` of the release provides a link, `must` consumes it. */

const director = new TestDirector();

beforeAll(async () => {
  await director.ready();
  await director.upload("/releases", "fixtures2/links-1.tgz");
});

const group = (name: string, job: object, more: object = {}): object => ({
  name,
  instances: 1,
  azs: ["z1"],
  jobs: [{ release: "links", ...job }],
  vm_type: "small",
  stemcell: "default",
  networks: [{ name: "default" }],
  ...more,
});

function deploy(...groups: readonly object[]): readonly Record<string, unknown>[] {
  const { result, events } = director.deployText(
    JSON.stringify({
      name: "x",
      releases: [{ name: "links", version: "1" }],
      stemcells: [{ alias: "default", os: "tiny-os", version: "1.1" }],
      update: { canaries: 1, max_in_flight: 1, canary_watch_time: "500-5000", update_watch_time: "500-5000" },
      instance_groups: groups,
    }),
  );
  expect(result).toBe("/deployments/x");
  return events;
}

const list = (what: string): readonly Record<string, unknown>[] =>
  director.send("GET", `/${what}?deployment=x`).json as readonly Record<string, unknown>[];

const findUpdated = (events: readonly Record<string, unknown>[]): readonly unknown[] => [
  ...new Set(events.filter(({ stage }) => stage === "Updating instance").flatMap(({ tags }) => tags)),
];

it("gives a link another id when it holds something else, and keeps it otherwise", () => {
  const web = group("web", { name: "must" });
  const ids = (): unknown[] => list("links").map(({ id }) => id);
  deploy(group("db", { name: "prov" }), web);
  expect(ids()).toEqual(["1"]);
  deploy(group("db", { name: "prov" }), web);
  expect(ids()).toEqual(["1"]);
  deploy(group("db", { name: "prov", properties: { port: 1 } }), web);
  expect(ids()).toEqual(["2"]);
  deploy(group("db", { name: "prov", properties: { port: 1 } }, { instances: 2 }), web);
  expect(ids()).toEqual(["3"]);
});

it("lists what the manifest itself says of a link as a provider, and what it withholds", () => {
  deploy(
    group("db", { name: "prov", provides: { conn: "nil" } }),
    group("web", {
      name: "must",
      consumes: { conn: { instances: [{ address: "1.2.3.4" }], properties: { port: 1 } } },
    }),
  );
  const [withheld, manual] = list("link_providers");
  expect(withheld).toMatchObject({ name: "conn", shared: false, owner_object: { type: "job", name: "prov" } });
  expect(manual).toMatchObject({ name: "conn", owner_object: { type: "manual", name: "must" } });
  expect(list("links")).toMatchObject([{ link_provider_id: manual?.id }]);
});

it("forgets what a deployment provided only after a success, so that its instances follow one deploy later", () => {
  const manual = { conn: { instances: [], properties: { port: 1 } } };
  deploy(group("cons", { name: "cons", consumes: manual }));
  deploy(group("cons", { name: "cons", consumes: { conn: "nil" } }));
  expect(findUpdated(deploy(group("cons", { name: "cons" })))).toEqual(["cons"]);
  expect(findUpdated(deploy(group("cons", { name: "cons" })))).toEqual([]);
});

it("updates the instances of a group that provides under another name, or is another group", () => {
  deploy(group("db", { name: "prov" }));
  expect(findUpdated(deploy(group("db", { name: "prov" })))).toEqual([]);
  expect(findUpdated(deploy(group("db", { name: "prov", provides: { conn: { as: "other" } } })))).toEqual(["db"]);
  const renamed = { migrated_from: [{ name: "db" }] };
  expect(findUpdated(deploy(group("sql", { name: "prov", provides: { conn: { as: "other" } } }, renamed)))).toEqual([
    "sql",
  ]);
});
