import fc from "fast-check";
import { expect, it } from "vitest";
import { RESOURCE_KINDS, TwoProjectCloud, type ProjectName, PROJECTS, type OwnedResource } from "./testing.ts";

const QUOTAS = {
  instances: 2,
  cores: 3,
  volumes: 3,
  gigabytes: 5,
  snapshots: 2,
  port: 8,
  network: 3,
  subnet: 3,
  router: 2,
  floatingip: 2,
  security_group: 3,
  zones: 2,
  backups: 3,
  load_balancer: 2,
};

const MAKEABLE = Object.keys(RESOURCE_KINDS).filter((kind) => kind !== "recordset");
const who = fc.constantFrom(...PROJECTS);
/** Chooses one of the resources that were made. */
const pick = fc.nat({ max: 30 });
/** Whether it occasionally belongs to the other project. */
const isForeign = fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) });

/** Resources that may fail after being accepted, and can still be deleted. */
const FAULTS = [
  "nova:server.build",
  "cinder:volume.create",
  "cinder:volume.extend",
  "cinder:snapshot.create",
  "designate:zone.create",
  "designate:zone.update",
];

const command = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("make" as const),
      who,
      what: fc.constantFrom(...MAKEABLE, "server", "volume"),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("drop" as const), who, isForeign, pick }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("act" as const),
      who,
      action: fc.constantFrom(
        "attach",
        "detach",
        "point",
        "stop",
        "resize",
        "extend",
        "upload",
        "plug",
        "join",
        "record",
      ),
      isForeign,
      pick,
      other: pick,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("fail" as const), at: fc.nat({ max: FAULTS.length - 1 }) }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(100, 2_000, 60_000) }) },
);
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

/** Resources that were created and, as far as was seen, still exist. */
type Ledger = OwnedResource[];

const choose = (things: readonly OwnedResource[], at: number): OwnedResource | undefined =>
  things[at % Math.max(1, things.length)];

/** The resources from which the command may choose: those its project owns, or those it does not. */
const reach = (ledger: Ledger, { who: name, isForeign: foreign }: { who: ProjectName; isForeign: boolean }): Ledger =>
  ledger.filter(({ owner }) => (owner === name) !== foreign);

type TestRequest = readonly [method: string, service: string, path: string, body?: unknown];

/** The request behind an action on a thing, and the other thing that it needs. */
function request(
  action: string,
  cloud: TwoProjectCloud,
  ledger: Ledger,
  at: number,
  other: number,
): readonly [TestRequest, OwnedResource[]] | undefined {
  const one = (kind: string, number = at): OwnedResource | undefined =>
    choose(
      ledger.filter((thing) => thing.kind === kind),
      number,
    );
  const [server, volume, address, port] = [one("server"), one("volume", other), one("address"), one("port", other)];
  const [router, subnet, zone, image] = [one("router"), one("subnet", other), one("zone"), one("image")];
  const attachments = `/servers/${server?.id}/os-volume_attachments`;
  const calls: Readonly<Record<string, readonly [TestRequest, (OwnedResource | undefined)[]]>> = {
    attach: [
      ["POST", "compute", attachments, { volumeAttachment: { volumeId: volume?.id } }],
      [server, volume],
    ],
    detach: [
      ["DELETE", "compute", `${attachments}/${volume?.id}`],
      [server, volume],
    ],
    point: [
      ["PUT", "network", `/floatingips/${address?.id}`, { floatingip: { port_id: port?.id } }],
      [address, port],
    ],
    stop: [["POST", "compute", `/servers/${server?.id}/action`, { "os-stop": null }], [server]],
    resize: [
      [
        "POST",
        "compute",
        `/servers/${server?.id}/action`,
        { resize: { flavorRef: cloud.variables.get("flavor.small") } },
      ],
      [server],
    ],
    extend: [["POST", "volume", `/volumes/${volume?.id}/action`, { "os-extend": { new_size: 3 } }], [volume]],
    upload: [["PUT", "image", `/images/${image?.id}/file`, "bytes"], [image]],
    plug: [
      ["POST", "compute", `/servers/${server?.id}/os-interface`, { interfaceAttachment: { port_id: port?.id } }],
      [server, port],
    ],
    join: [
      ["PUT", "network", `/routers/${router?.id}/add_router_interface`, { subnet_id: subnet?.id }],
      [router, subnet],
    ],
    record: [
      [
        "POST",
        "dns",
        `/zones/${zone?.id}/recordsets`,
        { name: `w${other}.zone${at % 3}.org.`, type: "A", records: ["192.0.2.1"] },
      ],
      [zone],
    ],
  };
  const found = calls[action];
  const needed = found?.[1] ?? [];
  return found && needed.every((thing) => thing !== undefined) ? [found[0], needed] : undefined;
}

async function perform(cloud: TwoProjectCloud, ledger: Ledger, wanted: Command): Promise<void> {
  if (wanted.kind === "wait") {
    cloud.sleep(wanted.ms);
    return;
  }
  if (wanted.kind === "fail") {
    const point = FAULTS[wanted.at] as string;
    cloud.kernel.faults.arm({ point, effect: { kind: "error", message: "out of luck" } });
    return;
  }
  if (wanted.kind === "make") {
    const [answer, made] = await cloud.create(wanted.who, wanted.what, ledger);
    expect(answer.status, `${wanted.what}: ${JSON.stringify(answer.body)}`).toBeLessThan(500);
    if (made !== undefined) ledger.push(made);
    return;
  }
  if (wanted.kind === "drop") {
    const thing = choose(reach(ledger, wanted), wanted.pick);
    if (thing === undefined) return;
    foreignFails(wanted.who, [thing], (await cloud.delete(wanted.who, thing)).status, `DELETE ${thing.kind}`);
    return;
  }
  const [call, things] = request(wanted.action, cloud, reach(ledger, wanted), wanted.pick, wanted.other) ?? [];
  if (call === undefined || things === undefined) return;
  const { status, body } = await cloud.call(wanted.who, ...call);
  foreignFails(wanted.who, things, status, `${wanted.action} ${JSON.stringify(body)}`);
}

/** Nobody can touch what belongs to another project. */
function foreignFails(by: ProjectName, things: readonly OwnedResource[], status: number, what: string): void {
  expect(status, `${what} by ${by}`).toBeLessThan(500);
  if (things.some(({ owner }) => owner !== by)) expect(status, `${what} by ${by}`).toBeGreaterThanOrEqual(400);
}

const own = <T extends { readonly projectId: string }>(rows: ReadonlyMap<string, T>, project: string): T[] =>
  [...rows.values()].filter(({ projectId }) => projectId === project);

/** A project's resources, by the names of its quotas. */
function usage(cloud: TwoProjectCloud, project: string): Record<keyof typeof QUOTAS, number> {
  const { nova, cinder, neutron, designate, octavia } = cloud.openstack.state();
  const servers = own(nova.servers, project);
  const volumes = own(cinder.volumes, project);
  const snapshots = own(cinder.snapshots, project);
  const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0);
  return {
    instances: servers.length,
    cores: sum(servers.map(({ flavor }) => flavor.vcpus)),
    volumes: volumes.length,
    gigabytes: sum([...volumes, ...snapshots].map(({ sizeGb }) => sizeGb)),
    snapshots: snapshots.length,
    port: own(neutron.ports, project).length,
    network: own(neutron.networks, project).length,
    subnet: own(neutron.subnets, project).length,
    router: own(neutron.routers, project).length,
    floatingip: own(neutron.floatingIps, project).length,
    security_group: own(neutron.groups, project).length,
    zones: own(designate.zones, project).length,
    backups: own(cinder.backups, project).length,
    load_balancer: own(octavia.rows, project).filter(({ kind }) => kind === "loadbalancer").length,
  };
}

function checkQuotas(cloud: TwoProjectCloud): void {
  for (const name of PROJECTS)
    for (const [resource, used] of Object.entries(usage(cloud, cloud.projectId(name))))
      expect(used, `${resource} of ${name}`).toBeLessThanOrEqual(QUOTAS[resource as keyof typeof QUOTAS]);
}

/** Each reference from one service to another has its counterpart, once nothing is in progress. */
function checkReferences(cloud: TwoProjectCloud): void {
  const { nova, cinder, neutron } = cloud.openstack.state();
  const links = [...nova.servers.values()].flatMap((server) =>
    server.volumes.map((link) => `${server.id} ${link.volumeId}`),
  );
  const attached = [...cinder.volumes.values()].flatMap((volume) =>
    volume.attachments.map(({ serverId }) => `${serverId} ${volume.id}`),
  );
  expect(links.sort(), "attachments").toEqual(attached.sort());
  for (const volume of cinder.volumes.values())
    expect(volume.status === "in-use", `${volume.id} ${volume.status}`).toBe(volume.attachments.length > 0);
  const plugged = [...neutron.ports.values()].filter(({ deviceOwner }) => deviceOwner.startsWith("compute:"));
  const nics = [...nova.servers.values()].flatMap((server) =>
    server.nics.map(({ portId }) => `${server.id} ${portId}`),
  );
  expect(nics.sort(), "ports").toEqual(plugged.map(({ id, deviceId }) => `${deviceId} ${id}`).sort());
  for (const { portId } of neutron.floatingIps.values())
    if (portId !== null) expect(neutron.ports.has(portId), `${portId} of a floating address`).toBe(true);
}

/** No address is taken twice, hosts account for the servers on them, and what one part of the cloud says about another is true. */
function checkPlaces(cloud: TwoProjectCloud): void {
  const { nova, neutron, octavia } = cloud.openstack.state();
  const held = [...neutron.ports.values()].flatMap((port) => port.fixedIps.map(({ ip }) => `${port.networkId}/${ip}`));
  expect(new Set(held).size, "an address taken twice").toBe(held.length);
  expect([...neutron.portByAddress.keys()].sort(), "the index of addresses").toEqual(held.sort());
  const ram = new Map<string, number>();
  for (const { host, flavor } of nova.servers.values())
    if (host !== null) ram.set(host, (ram.get(host) ?? 0) + flavor.ram);
  expect(new Map([...nova.hostRam].filter(([, used]) => used !== 0)), "memory of hosts").toEqual(ram);
  for (const server of nova.servers.values())
    for (const { portId } of server.nics)
      expect(neutron.ports.get(portId)?.hostId, `the host of a port of ${server.id}`).toBe(server.host);
  const trunked = [...neutron.trunks.values()].map(({ portId }) => portId);
  expect(
    trunked.filter((id) => !neutron.ports.has(id)),
    "trunks without their port",
  ).toEqual([]);
  for (const { kind, values } of octavia.rows.values())
    if (kind === "loadbalancer")
      expect(neutron.ports.has(String(values.vip_port_id)), "a load balancer without its port").toBe(true);
}

/** States in which something waits for a change in progress; in the end nothing may be left in one. */
const PASSING = /^(PENDING|creating|deleting|backing-up|restoring|attaching|detaching|extending|uploading)/;

/** Every state has a way out: unless a fault made something stick, nothing is in progress any longer. */
function checkStates(cloud: TwoProjectCloud): void {
  const { nova, cinder, octavia, designate } = cloud.openstack.state();
  const states = [
    ...[...nova.servers.values()].map(({ id, task }) => [id, task ?? ""]),
    ...[...cinder.volumes.values(), ...cinder.backups.values(), ...cinder.snapshots.values()].map(({ id, status }) => [
      id,
      status,
    ]),
    ...[...octavia.rows.values()].map(({ id, provisioning }) => [id, provisioning]),
    ...[...designate.zones.values()].map(({ id, status }) => [id, status]),
  ];
  expect(states.filter(([, state = ""]) => PASSING.test(state))).toEqual([]);
  expect([...nova.servers.values()].filter(({ task }) => task !== null).map(({ id, task }) => [id, task])).toEqual([]);
}

async function checkVisibility(cloud: TwoProjectCloud, ledger: Ledger): Promise<void> {
  const foreign = new Map(ledger.map(({ id, owner }) => [id, owner]));
  for (const name of PROJECTS) {
    for (const kind of Object.keys(RESOURCE_KINDS)) {
      const shown = await cloud.list(name, kind);
      expect(
        shown.filter((id) => foreign.has(id) && foreign.get(id) !== name),
        `${kind} shown to ${name}`,
      ).toEqual([]);
    }
    for (const thing of ledger.filter(({ owner }) => owner !== name))
      expect((await cloud.read(name, thing)).status, `${thing.kind} read by ${name}`).toBe(404);
  }
}

const DELETE_ROUNDS = 4;

/** Deletes everything that a project sees, in several rounds, as some things wait for others. */
async function clean(cloud: TwoProjectCloud, name: ProjectName): Promise<void> {
  for (let round = 0; round < DELETE_ROUNDS; round++) {
    for (const router of await cloud.list(name, "router")) await unplug(cloud, name, router);
    for (const kind of Object.keys(RESOURCE_KINDS))
      for (const id of await cloud.list(name, kind)) await cloud.delete(name, { kind, id, owner: name });
    cloud.sleep(60_000);
  }
}

async function unplug(cloud: TwoProjectCloud, name: ProjectName, router: string): Promise<void> {
  const { body } = await cloud.call(name, "GET", "network", `/ports?device_id=${router}`);
  for (const { fixed_ips: ips } of (body as { ports: { fixed_ips: { subnet_id: string }[] }[] }).ports)
    for (const { subnet_id } of ips)
      await cloud.call(name, "PUT", "network", `/routers/${router}/remove_router_interface`, { subnet_id });
}

const NOTHING = { ...Object.fromEntries(Object.keys(QUOTAS).map((name) => [name, 0])), security_group: 1 };

it("keeps two projects apart and within their quotas, mirrors attachments, and leaves nothing behind, even when calls fail", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.array(command, { maxLength: 60, size: "max" }), async (seed, commands) => {
      const cloud = await TwoProjectCloud.open({ profile: "agents", quotas: QUOTAS }, seed);
      const ledger: Ledger = [];
      for (const name of PROJECTS)
        for (const kind of ["network", "subnet", "volume", "server"])
          await perform(cloud, ledger, { kind: "make", who: name, what: kind });
      for (const each of commands) {
        await perform(cloud, ledger, each);
        checkQuotas(cloud);
      }
      await checkVisibility(cloud, ledger);
      cloud.sleep(120_000);
      checkReferences(cloud);
      checkPlaces(cloud);
      checkStates(cloud);
      cloud.kernel.faults.disarm();
      for (const name of PROJECTS) await clean(cloud, name);
      for (const name of PROJECTS) expect(usage(cloud, cloud.projectId(name)), `left by ${name}`).toEqual(NOTHING);
    }),
    { numRuns: 25 },
  );
});
