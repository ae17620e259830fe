import type { Backend } from "../../../conformance/index.ts";
import type { World } from "../../../simulators/world.ts";
import { requirePrimary, guardGroupOf, operatorOfOpenStack } from "./place.ts";
import type { BackupObjects } from "./store.ts";

type LookHook = NonNullable<NonNullable<Backend["looks"]>[string]>;

/** Everything that the platform has written down: the journal of the cloud, and all output of the director's tasks. */
const logs =
  (world: World): LookHook =>
  async () => [
    ...world.kernel.journal.events.map((event) => JSON.stringify(event)),
    ...[...world.bosh.state().tasks.values()].map((task) => JSON.stringify(task)),
  ];

/** The rules of an instance's group: `CIDR PORT`, or `CIDR *` for all ports. */
const rules =
  (world: World): LookHook =>
  async (instance) => {
    const group = await guardGroupOf(await operatorOfOpenStack(world), instance);
    return (group?.security_group_rules ?? [])
      .filter(({ direction }) => direction === "ingress")
      .map(({ remote_ip_prefix: cidr, port_range_min: from, port_range_max: to }) => {
        const ports = from === to ? `${from}` : `${from}-${to}`;
        return `${cidr ?? "0.0.0.0/0"} ${from === null || to === null ? "*" : ports}`;
      });
  };

/** Digests of the secrets in an instance's manifest, which are all that the director knows of them. */
const secrets =
  (world: World): LookHook =>
  async (instance) => {
    const { deployment } = await requirePrimary(world, instance);
    const manifest = world.bosh.state().deployments.get(deployment)?.manifest ?? "";
    return [...manifest.matchAll(/(password_sha256):\s*"?([^\s",}]+)/g)].map(([, name, value]) => `${name} ${value}`);
  };

/** Objects of an instance's backups: the name, and the bytes as Latin-1. */
const objects =
  (store: BackupObjects): LookHook =>
  async (instance) => {
    const names = await store.list(`${instance}/`);
    const texts = names.map(async (name) => Buffer.from(await store.get(name)).toString("latin1"));
    return (await Promise.all(texts)).map((text, at) => `${names[at]} ${text}`);
  };

/** The objects that a tenant's VM, without credentials of the store, can list there. */
const tenantStore =
  (world: World, store: BackupObjects): LookHook =>
  async (instance) =>
    store.listAnonymously((await requirePrimary(world, instance)).address);

/** Everything that is still known of instances: deployments, disks that the director has orphaned, servers, volumes, groups, names. */
const remains =
  (world: World): LookHook =>
  async () => {
    const openstack = await operatorOfOpenStack(world);
    const kinds = [
      ["compute", "/servers/detail"],
      ["volumev3", "/volumes/detail"],
      ["network", "/security-groups"],
      ["network", "/ports"],
    ] as const;
    const shown = kinds.map(async ([service, path]) => JSON.stringify(await openstack.call(service, "GET", path)));
    const { deployments, orphanDisks } = world.bosh.state();
    return [
      ...(await Promise.all(shown)),
      ...[...deployments.values()].map(({ name, manifest }) => `${name} ${manifest}`),
      ...[...orphanDisks.values()].map((disk) => JSON.stringify(disk)),
    ];
  };

/** The contents of an instance's disk. */
const disk =
  (world: World): LookHook =>
  async (instance) => {
    const { disk: id } = await requirePrimary(world, instance);
    return [
      JSON.stringify(world.dataservices.parts.slot.value.disks.get(id), (_key, value: unknown) =>
        value instanceof Map ? [...value] : value,
      ),
    ];
  };

/** The views of an operator of this cloud, by the names in the suites' plans. */
export function operatorLooks(world: World, store: BackupObjects): NonNullable<Backend["looks"]> {
  return {
    store: objects(store),
    logs: logs(world),
    rules: rules(world),
    secrets: secrets(world),
    "store-credentials": async () => [world.credentials.cpi.password],
    "tenant-store": tenantStore(world, store),
    orphans: remains(world),
    ...(world.dataservices.parts.real === undefined && { disk: disk(world) }),
  };
}
