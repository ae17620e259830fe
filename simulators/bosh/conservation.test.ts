import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { Effect } from "../kernel/index.ts";
import { howMany } from "../../scripts/tests/slice.ts";
import { Client } from "./parity/client.ts";
import type { Instance } from "./state/deployments.ts";
import type { DirectorState } from "./state/index.ts";
import { disksOf } from "./state/lookup.ts";

const recordings = fileURLToPath(new URL("../../docs/parity/recordings/bosh-283.jsonl.gz", import.meta.url));

const YAML = { "Content-Type": "text/yaml" };

const manifest = (name: string, web: number, azs: string, disk: number, parallel: number): string => `
name: ${name}
releases: [{name: demo, version: "1"}]
stemcells: [{alias: default, os: tiny-os, version: "1.1"}]
update: {canaries: 1, max_in_flight: ${parallel}, canary_watch_time: 500-5000, update_watch_time: 500-5000}
instance_groups:
- {name: db, instances: 1, azs: [z1], jobs: [{name: db, release: demo}], vm_type: small, stemcell: default, persistent_disk: ${disk}, networks: [{name: default}]}
- {name: web, instances: ${web}, azs: [${azs}], jobs: [{name: web, release: demo, properties: {message: m${disk}}}], vm_type: ${disk > 1500 ? "large" : "small"}, stemcell: default, networks: [{name: default}]}
`;

const command = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("deploy" as const),
      name: fc.constantFrom("a", "b"),
      web: fc.integer({ min: 0, max: 4 }),
      azs: fc.constantFrom("z1", "z2", "z1, z2"),
      disk: fc.constantFrom(1024, 2048),
      parallel: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("delete" as const),
      name: fc.constantFrom("a", "b"),
      force: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("state" as const),
      name: fc.constantFrom("a", "b"),
      state: fc.constantFrom("stopped", "detached", "started", "recreate"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("delete-vm" as const),
      index: fc.nat({ max: 9 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("cck" as const), name: fc.constantFrom("a", "b") }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("fault" as const),
      point: fc.constantFrom(
        "cpi:create_vm",
        "cpi:delete_vm",
        "cpi:set_vm_metadata",
        "cpi:create_disk",
        "cpi:attach_disk",
        "cpi:detach_disk",
        "agent:ping",
        "agent:run_script",
        "director:task",
        "director:job",
      ),
      skip: fc.integer({ min: 0, max: 5 }),
    }),
  },
);

type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

const instancesOf = (state: DirectorState): readonly Instance[] =>
  [...state.deployments.values()].flatMap(({ instances }) => instances);

/** The invariants that hold whenever no task runs. */
function check(client: Client): void {
  const state = client.bosh.state();
  const instances = instancesOf(state);
  const owned = new Set([...instances.flatMap(({ vm }) => (vm === null ? [] : [vm.cid])), ...state.orphanVms.keys()]);
  expect(
    client.dummy.vms.filter((cid) => !owned.has(cid)),
    "VMs without a record",
  ).toEqual([]);
  const disks = new Set([
    // A disk that could not be put to use stays with its instance until the instance gets another disk or is deleted.
    ...instances.flatMap((each) => disksOf(each).map(({ cid }) => cid)),
    ...state.orphanDisks.keys(),
  ]);
  expect(
    client.dummy.disks.filter((cid) => !disks.has(cid)),
    "disks without a record",
  ).toEqual([]);
  const ips = instances.flatMap((each) => each.ips.map(({ ip }) => ip));
  expect(new Set(ips).size, "an address has one holder").toBe(ips.length);
  for (const ip of ips) expect(state.addresses.has(ip), `${ip} is reserved`).toBe(true);
  expect([...state.locks.keys()], "locks").toEqual([]);
  expect(state.busyWorkers).toBe(0);
}

async function perform(client: Client, wanted: Command): Promise<void> {
  if (wanted.kind === "fault") {
    const effect: Effect =
      wanted.point === "agent:ping" ? { kind: "stuck" } : { kind: "error", message: "out of luck" };
    client.kernel.faults.arm({ point: wanted.point, skip: wanted.skip, effect });
    return;
  }
  if (wanted.kind === "delete-vm") return deleteVm(client, wanted.index);
  if (wanted.kind === "cck") return checkAndFix(client, wanted.name);
  const request =
    wanted.kind === "deploy"
      ? {
          method: "POST",
          path: "/deployments",
          body: manifest(wanted.name, wanted.web, wanted.azs, wanted.disk, wanted.parallel),
          headers: YAML,
        }
      : wanted.kind === "delete"
        ? { method: "DELETE", path: `/deployments/${wanted.name}?force=${wanted.force}` }
        : { method: "PUT", path: `/deployments/${wanted.name}/jobs/*?state=${wanted.state}`, body: "", headers: YAML };
  await sendAndFollow(client, request);
}

async function sendAndFollow(client: Client, request: Parameters<Client["send"]>[0]): Promise<void> {
  const answer = await client.send(request);
  if (answer.headers.location !== undefined) await client.follow(new URL(answer.headers.location).pathname);
}

async function deleteVm(client: Client, index: number): Promise<void> {
  const cids = instancesOf(client.bosh.state()).flatMap(({ vm }) => (vm === null ? [] : [vm.cid]));
  const cid = cids[index % Math.max(1, cids.length)];
  if (cid !== undefined) await sendAndFollow(client, { method: "DELETE", path: `/vms/${cid}` });
}

/** `cck --auto`. */
async function checkAndFix(client: Client, name: string): Promise<void> {
  const path = `/deployments/${name}`;
  const headers = { "Content-Type": "application/json" };
  await sendAndFollow(client, { method: "POST", path: `${path}/scans`, body: "", headers });
  const ids = client.bosh.state().problems.flatMap(({ id, state }) => (state === "open" ? [[id, null]] : []));
  const json = { resolutions: Object.fromEntries(ids) as object };
  await sendAndFollow(client, { method: "PUT", path: `${path}/problems`, json, headers });
}

async function ready(seed: number): Promise<Client> {
  const client = new Client(recordings, undefined, seed);
  for (const verb of ["upload-stemcell stemcell-1.1.tgz", "upload-release demo-1.tgz", "update-cloud-config cloud.yml"])
    await client.run(verb);
  return client;
}

it("loses no VM, disk, address or lock, whatever fails, and converges once nothing fails any more", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.array(command, { maxLength: 12 }), async (seed, commands) => {
      const client = await ready(seed);
      for (const each of commands) {
        await perform(client, each);
        check(client);
      }
      client.kernel.faults.disarm();
      await perform(client, { kind: "deploy", name: "a", web: 3, azs: "z1, z2", disk: 1024, parallel: 2 });
      const web = instancesOf(client.bosh.state()).filter((each) => each.deployment === "a" && each.group === "web");
      expect(web.map(({ az }) => az).sort()).toEqual(
        web.filter(({ az }) => az === "z1").length === 2 ? ["z1", "z1", "z2"] : ["z1", "z2", "z2"],
      );
      expect(web.filter(({ bootstrap }) => bootstrap)).toHaveLength(1);
      for (const name of ["a", "b"] as const) await perform(client, { kind: "delete", name, force: false });
      await client.follow("/tasks/1");
      const answer = await client.send({
        method: "POST",
        path: "/cleanup",
        json: { config: { remove_all: true } },
        headers: { "Content-Type": "application/json" },
      });
      await client.follow(new URL(answer.headers.location ?? "").pathname);
      expect([client.dummy.vms, client.dummy.disks, [...client.bosh.state().addresses.keys()]]).toEqual([[], [], []]);
    }),
    { numRuns: howMany(10, 40) },
  );
});

it("has one digest for one seed", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.array(command, { maxLength: 6 }), async (seed, commands) => {
      const digest = async (): Promise<string> => {
        const client = await ready(seed);
        for (const each of commands) await perform(client, each);
        return client.kernel.journal.digest;
      };
      expect(await digest()).toBe(await digest());
    }),
    { numRuns: howMany(3, 10) },
  );
});
