import type { Backend } from "../../../conformance/index.ts";
import type { Effect, FaultRule } from "../../../simulators/kernel/index.ts";
import type { World } from "../../../simulators/world.ts";
import { directorClient } from "../../clients/director.ts";
import { pollUntil } from "../../poll.ts";
import { findPrimary, operatorOfOpenStack, requirePrimary, vmAt } from "./place.ts";
import type { BackupObjects } from "./store.ts";

type FaultHook = NonNullable<NonNullable<Backend["faults"]>[string]>;

/** An object with a part of a backup, as opposed to a list. */
const PART = /\/\d{4}$/;

/** Damages one part of the newest backup of an instance, and restores it afterwards. */
function damaging(store: BackupObjects, damage: (name: string, whole: Uint8Array) => Promise<unknown>): FaultHook {
  return async (instance) => {
    const parts = (await store.list(`${instance}/`)).filter((name) => PART.test(name));
    const last = parts.at(-1);
    if (last === undefined) throw new Error(`instance ${instance} has no backup in the store`);
    const whole = await store.get(last);
    await damage(last, whole);
    return async () => void (await store.put(last, whole));
  };
}

/** The fault point at which the store takes an object. */
const UPLOAD = "swift:PUT /v1/:account/:container/*object";

/**
 * What uploads meet, by the names in the suites' plans: a refusal, an error, a quota that is used up, a slow store, a cut connection, a container
 * that is not there.
 */
const UPLOAD_FAULTS: Readonly<Record<string, Effect>> = {
  "store-refuse": { kind: "reply", status: 403 },
  "store-error": { kind: "reply", status: 500 },
  "store-full": { kind: "reply", status: 413 },
  "store-slow": { kind: "delay", delayMs: 15_000 },
  "store-cut": { kind: "reset" },
  "store-missing": { kind: "reply", status: 404 },
};

/** Rules that stay armed until the fault is mended. */
function arming({ kernel: { faults } }: World, rules: readonly FaultRule[]): FaultHook {
  return async () => {
    const armed = rules.map((rule) => faults.arm({ count: null, ...rule }));
    return async () => armed.forEach((id) => faults.disarm(id));
  };
}

/** How long an instance may take to serve again once its VM is gone, in ms: the health monitor looks, and the director makes another VM. */
const RECOVERED_MS_MAX = 1_800_000;
const LOOK_MS = 1000;

/** Waits until an instance has a primary that serves. */
async function awaitPrimary(world: World, instance: string): Promise<void> {
  // Each look asks OpenStack; on real time it takes a pause whatever the pace.
  const environment = { ...world.environmentAt(world.plan.applications), pace: 1 };
  const openstack = await operatorOfOpenStack(world);
  await pollUntil(environment, `the primary of ${instance}`, LOOK_MS, RECOVERED_MS_MAX, async () => {
    const primary = await findPrimary(world, instance, openstack);
    return primary?.state === "running" ? true : undefined;
  });
}

/** Deletes the VM of the primary in OpenStack, as if its host had died. */
const killPrimary =
  (world: World): FaultHook =>
  async (instance) => {
    const { address } = await requirePrimary(world, instance);
    const openstack = await operatorOfOpenStack(world);
    await openstack.call("compute", "DELETE", `/servers/${vmAt(world, address).cid}`);
    return () => awaitPrimary(world, instance);
  };

/** `bosh recreate` of the VM at an address. */
async function recreate(world: World, deployment: string, address: string): Promise<void> {
  const director = directorClient(world.environmentAt(world.plan.applications), world.credentials.director);
  await director.recreate(deployment, vmAt(world, address).name);
}

/** Recreates the primary's VM. */
const recreateVm =
  (world: World): FaultHook =>
  async (instance) => {
    const { address, deployment } = await requirePrimary(world, instance);
    await recreate(world, deployment, address);
    return async () => {};
  };

/** The server dies in the middle of the next restore, and the operator makes its VM again. */
const killRestore =
  (world: World): FaultHook =>
  async (instance) => {
    const { deployment, address } = await requirePrimary(world, instance);
    const mend = await arming(world, [
      { point: "dataservice:restore", match: { deployment }, count: 1, effect: { kind: "vanish" } },
    ])(instance);
    return async () => {
      await mend();
      if (world.dataservices.at(address)?.state !== "running") await recreate(world, deployment, address);
      await awaitPrimary(world, instance);
    };
  };

/** The disk of an instance is full: it takes no writes, and a restore finds no room. Only the virtual data plane fills up so. */
const fillDisk =
  (world: World): FaultHook =>
  async (instance) => {
    const { deployment } = await requirePrimary(world, instance);
    const points = ["dataservice:write", "dataservice:restore"];
    const effect = { kind: "error", message: "no space left on device" } as const;
    return arming(
      world,
      points.map((point) => ({ point, match: { deployment }, effect })),
    )(instance);
  };

/** The agent of an instance dies with each order of a dump: whoever gave it is hung up on. */
const AGENT_DIES: readonly FaultRule[] = [{ point: "dataservice-agent:POST /v1/dumps", effect: { kind: "reset" } }];

/** Neutron takes no orders about rules: data guard can neither open nor close. */
const GUARD_DOWN: readonly FaultRule[] = [
  "neutron:POST /v2.0/security-group-rules",
  "neutron:DELETE /v2.0/security-group-rules/:id",
  "neutron:DELETE /v2.0/security-groups/:id",
].map((point) => ({ point, effect: { kind: "reply", status: 503 } }));

/** The head of an instance's newest backup, which says how it is encrypted, names another key. */
function changeHead(store: BackupObjects): FaultHook {
  return async (instance) => {
    const parts = (await store.list(`${instance}/`)).filter((name) => PART.test(name));
    const newest = parts.at(-1)?.replace(PART, "");
    const first = parts.filter((name) => name.replace(PART, "") === newest).toSorted()[0];
    if (first === undefined) throw new Error(`instance ${instance} has no backup in the store`);
    const whole = await store.get(first);
    const [magic = "", head = "", ...rest] = Buffer.from(whole).toString("latin1").split("\n");
    const changed = JSON.stringify({ ...(JSON.parse(head) as object), key: "another's" });
    await store.put(first, Buffer.from([magic, changed, ...rest].join("\n"), "latin1"));
    return async () => void (await store.put(first, whole));
  };
}

const DAY_MS = 86_400_000;

/** In virtual time, a day passes. */
const passDay =
  (world: World): FaultHook =>
  async () => {
    await world.environmentAt(world.plan.applications).sleepMs(DAY_MS);
    return async () => {};
  };

/** The address of a removed instance goes to the next: the director gives the lowest that is free, so nothing has to be forced. */
const reuseAddress =
  (world: World): FaultHook =>
  async (instance) => {
    const { address } = await requirePrimary(world, instance);
    return async () => {
      if (world.dataservices.at(address) === undefined)
        throw new Error(`${address} was not given to the next instance`);
    };
  };

/**
 * The faults that an operator of this cloud can cause, by the names in the suites' plans. The clock moves
 * only in virtual time.
 */
export function operatorFaults(world: World, store: BackupObjects): NonNullable<Backend["faults"]> {
  const uploads = Object.entries(UPLOAD_FAULTS).map(
    ([name, effect]) => [name, arming(world, [{ point: UPLOAD, effect }])] as const,
  );
  return {
    ...Object.fromEntries(uploads),
    "flip-byte": damaging(store, (name, whole) =>
      store.put(
        name,
        whole.map((byte, at) => (at === whole.length >> 1 ? byte ^ 1 : byte)),
      ),
    ),
    "drop-part": damaging(store, (name) => store.remove(name)),
    "swap-metadata": changeHead(store),
    "kill-primary": killPrimary(world),
    "kill-agent": arming(world, AGENT_DIES),
    "kill-restore": killRestore(world),
    "recreate-vm": recreateVm(world),
    "reuse-address": reuseAddress(world),
    "guard-down": arming(world, GUARD_DOWN),
    ...(world.dataservices.parts.real === undefined && { clock: passDay(world), "fill-disk": fillDisk(world) }),
  };
}
