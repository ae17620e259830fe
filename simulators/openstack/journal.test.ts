import { describe, expect, it } from "vitest";
import type { HttpReply } from "../kernel/index.ts";
import { ROUTES as CINDER_ROUTES } from "./cinder/routes/routes.ts";
import { VOLUME_ACTIONS } from "./cinder/routes/volume-actions.ts";
import { ROUTES as NOVA_ROUTES } from "./nova/routes/routes.ts";
import { SERVER_ACTIONS } from "./nova/routes/server-actions.ts";
import { TestSession, textAt } from "./testing-session.ts";

type ServiceName = "nova" | "cinder";

/** The effects of a request. */
interface Seen {
  readonly reply: HttpReply;
  readonly isStateChanged: boolean;
  readonly isDigestChanged: boolean;
  /** Kinds of the events of the service that received it. */
  readonly kinds: readonly string[];
}

const asJson = (value: unknown): string =>
  JSON.stringify(value, (_key, each: unknown) => (each instanceof Map || each instanceof Set ? [...each] : each));

/** Sends requests by the paths of routes, and notes which routes and actions have changed state. */
class Recorder {
  readonly session: TestSession;
  readonly routes = new Set<string>();
  readonly actions = new Set<string>();
  readonly #service: ServiceName;

  constructor(session: TestSession, service: ServiceName) {
    this.session = session;
    this.#service = service;
  }

  /** `route` is `METHOD /path/:id`; `ids` replace its parameters in order. */
  send(route: string, ids: readonly string[] = [], sent: Parameters<TestSession["send"]>[3] = {}): Seen {
    const { kernel, openstack } = this.session.cloud;
    const [method = "", template = ""] = route.split(" ");
    const left = [...ids];
    const path = template.replaceAll(/:\w+/g, () => left.shift() ?? "none");
    const [stateBefore, digestBefore] = [asJson(openstack.state()[this.#service]), kernel.journal.digest];
    const eventsBefore = kernel.journal.seq;
    const reply = this.session.send(this.#service, method, path, sent);
    const events = kernel.journal.events.filter(({ seq, source }) => seq > eventsBefore && source === this.#service);
    this.routes.add(route);
    if (template.endsWith("/:id/action") && typeof sent.body === "object" && sent.body !== null)
      for (const name of Object.keys(sent.body)) this.actions.add(name);
    return {
      reply,
      isStateChanged: asJson(openstack.state()[this.#service]) !== stateBefore,
      isDigestChanged: kernel.journal.digest !== digestBefore,
      kinds: events.map(({ kind }) => kind),
    };
  }

  /** A request that is accepted, changes state, and is recorded once for each of `kinds`. */
  changes(kinds: readonly string[], ...[route, ids, sent]: Parameters<Recorder["send"]>): HttpReply {
    const seen = this.send(route, ids, sent);
    expect(seen.reply.status, `${route}: ${asJson(seen.reply.json)}`).toBeLessThan(300);
    expect([route, sent?.body, seen.isStateChanged, seen.isDigestChanged, seen.kinds]).toEqual([
      route,
      sent?.body,
      true,
      true,
      kinds,
    ]);
    return seen.reply;
  }

  /** A request that does not change the service, refused or not, and must not change the service's journal. */
  keeps(...[route, ids, sent]: Parameters<Recorder["send"]>): HttpReply {
    const seen = this.send(route, ids, sent);
    expect([route, sent?.body, seen.isStateChanged, seen.kinds]).toEqual([route, sent?.body, false, []]);
    return seen.reply;
  }
}

const ADMIN = { who: "admin" } as const;
const writing = (routes: readonly { readonly method: string; readonly path: string }[]): string[] =>
  [
    ...new Set(
      routes
        .filter(({ method, path }) => method !== "GET" && !path.startsWith("/os-volumes_boot"))
        .map(({ method, path }) => `${method} ${path}`),
    ),
  ].sort();

/** Everything in the journal as text. */
const journalText = ({ cloud }: TestSession): string => asJson(cloud.kernel.journal.events);

async function driveNova(session: TestSession): Promise<Recorder> {
  const nova = new Recorder(session, "nova");
  const network = await session.network();
  const body = session.serverBody({ networks: [{ uuid: network }], metadata: { a: "1" } });
  const create = nova.changes(["server.create"], "POST /servers", [], { version: 42, body });
  expect(journalText(session)).not.toContain(textAt(create, "server.adminPass"));
  const id = textAt(create, "server.id");
  session.sleep(60_000);

  const server = "PUT /servers/:id";
  nova.changes(["server.update"], server, [id], { body: { server: { name: "other" } } });
  nova.keeps(server, [id], { body: { server: { name: 5 } } });
  for (const [method, metadata] of [
    ["POST", { b: "2" }],
    ["PUT", { c: "3" }],
  ] as const) {
    nova.changes(["server.metadata"], `${method} /servers/:id/metadata`, [id], { body: { metadata } });
    nova.keeps(`${method} /servers/:id/metadata`, [id], { body: { metadata } });
  }
  nova.changes(["server.metadata"], "PUT /servers/:id/metadata/:key", [id, "d"], { body: { meta: { d: "4" } } });
  nova.keeps("PUT /servers/:id/metadata/:key", [id, "d"], { body: { meta: { d: "4" } } });
  nova.changes(["server.metadata"], "DELETE /servers/:id/metadata/:key", [id, "d"]);
  const tags = { version: 26 } as const;
  nova.changes(["server.tags"], "PUT /servers/:id/tags", [id], { ...tags, body: { tags: ["x"] } });
  nova.keeps("PUT /servers/:id/tags", [id], { ...tags, body: { tags: ["x"] } });
  nova.changes(["server.tags"], "PUT /servers/:id/tags/:tag", [id, "y"], tags);
  nova.keeps("PUT /servers/:id/tags/:tag", [id, "y"], tags);
  nova.changes(["server.tags"], "DELETE /servers/:id/tags/:tag", [id, "y"], tags);
  nova.changes(["server.tags"], "DELETE /servers/:id/tags", [id], tags);
  nova.keeps("DELETE /servers/:id/tags", [id], tags);
  nova.keeps("DELETE /servers/:id/os-server-password", [id]);
  nova.keeps("POST /servers/:id/remote-consoles", [id], {
    version: 6,
    body: { remote_console: { protocol: "vnc", type: "novnc" } },
  });

  driveInterfaces(nova, id, network);
  driveVolumes(nova, id);
  driveActions(nova, id);
  driveFlavors(nova);
  driveOthers(nova);
  driveProxies(nova);
  for (const route of ["DELETE /servers/:id/migrations/:migration", "POST /servers/:id/migrations/:migration/action"])
    nova.keeps(route, [id, "1"], { ...ADMIN, version: 24, body: { force_complete: null } });
  const compute = { ...ADMIN, body: { host: "ref", binary: "nova-compute" } };
  for (const action of ["disable", "enable"])
    nova.changes(["service.update"], "PUT /os-services/:id", [action], compute);
  for (const method of ["PUT", "DELETE"]) nova.keeps(`${method} /os-services/:id`, ["1"], { ...ADMIN, body: {} });

  nova.changes(["server.delete"], "DELETE /servers/:id", [id]);
  nova.keeps("DELETE /servers/:id", [id]);
  return nova;
}

function driveInterfaces(nova: Recorder, id: string, network: string): void {
  const path = "/servers/:id/os-interface";
  const body = { interfaceAttachment: { net_id: network } };
  const reply = nova.changes(["port.attach"], `POST ${path}`, [id], { body });
  nova.changes(["port.detach"], `DELETE ${path}/:port`, [id, textAt(reply, "interfaceAttachment.port_id")]);
  nova.session.sleep(10_000);
}

function driveVolumes(nova: Recorder, id: string): void {
  const path = "/servers/:id/os-volume_attachments";
  const volume = nova.session.volume();
  const body = { volumeAttachment: { volumeId: volume } };
  nova.changes(["volume.attach"], `POST ${path}`, [id], { body });
  nova.session.sleep(10_000);
  nova.keeps(`POST ${path}`, [id], { body });
  const flag = { volumeAttachment: { volumeId: volume, delete_on_termination: true } };
  nova.changes(["volume.update"], `PUT ${path}/:volume`, [id, volume], { version: 85, body: flag });
  nova.keeps(`PUT ${path}/:volume`, [id, volume], { version: 85, body: flag });
  nova.changes(["volume.detach"], `DELETE ${path}/:volume`, [id, volume]);
  nova.session.sleep(10_000);
}

/** Actions in an order in which each is allowed, with their bodies. Each changes the server. */
const DONE: readonly (readonly [name: string, body: unknown])[] = [
  ["pause", null],
  ["unpause", null],
  ["suspend", null],
  ["resume", null],
  ["os-stop", null],
  ["os-start", null],
  ["reboot", { type: "SOFT" }],
  ["changePassword", { adminPass: "hunter2-hunter2" }],
  ["rescue", { adminPass: "hunter2-hunter2" }],
  ["unrescue", null],
  ["createImage", { name: "image" }],
  ["createBackup", { name: "backup", backup_type: "daily", rotation: 1 }],
  ["lock", null],
  ["unlock", null],
  ["shelve", null],
  ["unshelve", null],
  ["trigger_crash_dump", null],
];

/** Actions that leave Nova's own state alone. */
const WITHOUT_CHANGE: readonly (readonly [name: string, body: unknown])[] = [
  ["restore", null],
  ["injectNetworkInfo", null],
  ["resetNetwork", null],
  ["os-getConsoleOutput", {}],
  ["os-getVNCConsole", { type: "novnc" }],
  ["os-getSPICEConsole", { type: "spice-html5" }],
  ["os-getSerialConsole", { type: "serial" }],
  ["os-getRDPConsole", { type: "rdp-html5" }],
  ["addSecurityGroup", { name: "default" }],
  ["removeSecurityGroup", { name: "default" }],
  ["addFloatingIp", { address: "192.0.2.1" }],
  ["removeFloatingIp", { address: "192.0.2.1" }],
  ["addFixedIp", { networkId: "none" }],
  ["removeFixedIp", { address: "192.0.2.1" }],
  ["os-migrateLive", { host: null }],
  ["evacuate", {}],
  ["shelveOffload", null],
];

function driveActions(nova: Recorder, id: string): void {
  const route = "POST /servers/:id/action";
  const act = (name: string, body: unknown, kinds: readonly string[] = ["server.action"]): void => {
    nova.changes(kinds, route, [id], { ...ADMIN, body: { [name]: body } });
    nova.session.sleep(60_000);
  };
  for (const [name, body] of DONE) act(name, body);
  act("resize", { flavorRef: nova.session.variable("flavor.small") }, ["migration.create", "server.action"]);
  act("revertResize", null);
  act("resize", { flavorRef: nova.session.variable("flavor.small") }, ["migration.create", "server.action"]);
  act("confirmResize", null);
  act("rebuild", { imageRef: nova.session.variable("image2"), adminPass: "hunter2-hunter2" });
  act("migrate", null);
  nova.changes(["server.state"], route, [id], { ...ADMIN, body: { "os-resetState": { state: "active" } } });
  for (const [name, body] of WITHOUT_CHANGE) nova.keeps(route, [id], { ...ADMIN, body: { [name]: body } });
  expect(journalText(nova.session)).not.toContain("hunter2-hunter2");
  const other = nova.session.server();
  nova.changes(["server.delete"], route, [other], { body: { forceDelete: null } });
  nova.keeps(route, [other], { body: { forceDelete: null } });
}

function driveFlavors(nova: Recorder): void {
  const flavor = { name: "private", ram: 1, vcpus: 1, disk: 1, "os-flavor-access:is_public": false };
  const made = nova.changes(["flavor.create"], "POST /flavors", [], { ...ADMIN, body: { flavor } });
  const id = textAt(made, "flavor.id");
  const described = { ...ADMIN, version: 55, body: { flavor: { description: "text" } } };
  nova.changes(["flavor.update"], "PUT /flavors/:id", [id], described);
  nova.keeps("PUT /flavors/:id", [id], described);
  const specs = { ...ADMIN, body: { extra_specs: { a: "1" } } };
  nova.changes(["flavor.update"], "POST /flavors/:id/os-extra_specs", [id], specs);
  nova.keeps("POST /flavors/:id/os-extra_specs", [id], specs);
  nova.changes(["flavor.update"], "PUT /flavors/:id/os-extra_specs/:key", [id, "a"], { ...ADMIN, body: { a: "2" } });
  nova.changes(["flavor.update"], "DELETE /flavors/:id/os-extra_specs/:key", [id, "a"], ADMIN);
  const access = { ...ADMIN, body: { addTenantAccess: { tenant: "somebody" } } };
  nova.changes(["flavor.access"], "POST /flavors/:id/action", [id], access);
  nova.keeps("POST /flavors/:id/action", [id], access);
  nova.changes(["flavor.delete"], "DELETE /flavors/:id", [id], ADMIN);
  nova.keeps("DELETE /flavors/:id", [id], ADMIN);
}

function driveOthers(nova: Recorder): void {
  const key = nova.changes(["keypair.create"], "POST /os-keypairs", [], { body: { keypair: { name: "key" } } });
  expect(journalText(nova.session)).not.toContain(textAt(key, "keypair.private_key").split("\n")[1]);
  nova.keeps("POST /os-keypairs", [], { body: { keypair: { name: "key" } } });
  nova.keeps("GET /os-keypairs", [], { who: "B" });
  nova.changes(["keypair.delete"], "DELETE /os-keypairs/:name", ["key"]);

  const group = { server_group: { name: "group", policies: ["affinity"] } };
  const made = nova.changes(["server-group.create"], "POST /os-server-groups", [], { body: group });
  nova.changes(["server-group.delete"], "DELETE /os-server-groups/:id", [textAt(made, "server_group.id")]);

  const aggregate = { ...ADMIN, body: { aggregate: { name: "aggregate" } } };
  nova.changes(["aggregate.create"], "POST /os-aggregates", [], aggregate);
  nova.session.sleep(10);
  nova.changes(["aggregate.update"], "PUT /os-aggregates/:id", ["1"], { ...ADMIN, body: { aggregate: { name: "b" } } });
  for (const action of [
    { add_host: { host: "ref" } },
    { set_metadata: { metadata: { a: "1" } } },
    { remove_host: { host: "ref" } },
  ])
    nova.changes(["aggregate.update"], "POST /os-aggregates/:id/action", ["1"], { ...ADMIN, body: action });
  nova.changes(["aggregate.delete"], "DELETE /os-aggregates/:id", ["1"], ADMIN);

  const project = nova.session.cloud.projectId("A");
  const quota = { ...ADMIN, body: { quota_set: { instances: 5 } } };
  nova.changes(["quota.update"], "PUT /os-quota-sets/:project", [project], quota);
  nova.keeps("PUT /os-quota-sets/:project", [project], quota);
  nova.changes(["quota.reset"], "DELETE /os-quota-sets/:project", [project], ADMIN);
  nova.keeps("DELETE /os-quota-sets/:project", [project], ADMIN);
  const defaults = { ...ADMIN, body: { quota_class_set: { instances: 50 } } };
  nova.changes(["quota-class.update"], "PUT /os-quota-class-sets/:class", ["default"], defaults);
  nova.keeps("PUT /os-quota-class-sets/:class", ["default"], defaults);
}

/** Nova's actions in other services are in their journals. */
function driveProxies(nova: Recorder): void {
  const image = nova.session.variable("image");
  nova.keeps("POST /images/:id/metadata", [image], { ...ADMIN, body: { metadata: { a: "1" } } });
  nova.keeps("PUT /images/:id/metadata", [image], { ...ADMIN, body: { metadata: { a: "1" } } });
  nova.keeps("PUT /images/:id/metadata/:key", [image, "a"], { ...ADMIN, body: { meta: { a: "2" } } });
  nova.keeps("DELETE /images/:id/metadata/:key", [image, "a"], ADMIN);
  nova.keeps("DELETE /images/:id", ["none"]);
  const address = nova.keeps("POST /os-floating-ips", [], { body: {} });
  nova.keeps("DELETE /os-floating-ips/:id", [textAt(address, "floating_ip.id")]);
  const made = nova.keeps("POST /os-security-groups", [], { body: { security_group: { name: "group" } } });
  const group = textAt(made, "security_group.id");
  nova.keeps("PUT /os-security-groups/:id", [group], { body: { security_group: { name: "other" } } });
  const rule = { parent_group_id: group, ip_protocol: "tcp", from_port: 1, to_port: 2 };
  const ruled = nova.keeps("POST /os-security-group-rules", [], { body: { security_group_rule: rule } });
  nova.keeps("DELETE /os-security-group-rules/:id", [textAt(ruled, "security_group_rule.id")]);
  nova.keeps("DELETE /os-security-groups/:id", [group]);
  for (const route of [
    "POST /os-volumes",
    "POST /os-snapshots",
    "POST /os-assisted-volume-snapshots",
    "POST /os-server-external-events",
    "PUT /os-hosts/:host",
  ])
    nova.keeps(route, ["ref"], { ...ADMIN, body: {} });
}

function driveCinder(session: TestSession): Recorder {
  const cinder = new Recorder(session, "cinder");
  const made = cinder.changes(["volume.create"], "POST /volumes", [], { body: { volume: { size: 1 } } });
  const id = textAt(made, "volume.id");
  session.sleep(60_000);
  cinder.changes(["volume.update"], "PUT /volumes/:id", [id], { body: { volume: { name: "other" } } });
  cinder.keeps("PUT /volumes/:id", [id], { body: { volume: { size: 5 } } });
  driveMetadata(cinder, "volumes", id);
  driveVolumeActions(cinder, id);
  driveSnapshots(cinder, id);
  driveTypes(cinder);
  driveTransfers(cinder);
  driveBackups(cinder, id);
  driveCinderQuotas(cinder);
  driveQualities(cinder);
  driveAttachments(cinder);
  driveServices(cinder);
  driveGroups(cinder);
  for (const route of [
    "POST /attachments",
    "PUT /os-services/:action",
    "PUT /default-types/:id",
    "DELETE /default-types/:id",
    "POST /manageable_snapshots",
    "POST /manageable_volumes",
    "POST /os-snapshot-manage",
    "POST /os-volume-manage",
  ])
    cinder.keeps(route, ["none"], { ...ADMIN, version: 60, body: {} });
  cinder.changes(["volume.status"], "DELETE /volumes/:id", [id]);
  cinder.keeps("DELETE /volumes/:id", [id]);
  return cinder;
}

function driveMetadata(cinder: Recorder, collection: "volumes" | "snapshots", id: string): void {
  const kinds = [`${collection.slice(0, -1)}.metadata`];
  const path = `/${collection}/:id/metadata`;
  for (const [method, metadata] of [
    ["POST", { a: "1" }],
    ["PUT", { b: "2" }],
  ] as const) {
    cinder.changes(kinds, `${method} ${path}`, [id], { body: { metadata } });
    cinder.keeps(`${method} ${path}`, [id], { body: { metadata } });
  }
  cinder.changes(kinds, `PUT ${path}/:key`, [id, "c"], { body: { meta: { c: "3" } } });
  cinder.keeps(`PUT ${path}/:key`, [id, "c"], { body: { meta: { c: "3" } } });
  cinder.changes(kinds, `DELETE ${path}/:key`, [id, "c"]);
}

const STATUS = ["volume.status"];

/** Actions in an order in which each is allowed. */
const VOLUME_STEPS: readonly (readonly [kinds: readonly string[], name: string, body: unknown])[] = [
  [STATUS, "os-extend", { new_size: 2 }],
  [STATUS, "os-reserve", {}],
  [STATUS, "os-unreserve", {}],
  [STATUS, "os-attach", { instance_uuid: "11111111-2222-4333-8444-555555555555", mountpoint: "/dev/sdb" }],
  [STATUS, "os-begin_detaching", {}],
  [STATUS, "os-roll_detaching", {}],
  [STATUS, "os-detach", {}],
  [STATUS, "os-attach", { instance_uuid: "11111111-2222-4333-8444-555555555555", mountpoint: "/dev/sdb" }],
  [STATUS, "os-force_detach", {}],
  [STATUS, "os-volume_upload_image", { image_name: "image" }],
  [STATUS, "os-reset_status", { status: "available" }],
  [["volume.bootable"], "os-set_bootable", { bootable: true }],
  [["volume.image-metadata"], "os-set_image_metadata", { metadata: { a: "1" } }],
  [["volume.image-metadata"], "os-unset_image_metadata", { key: "a" }],
  [["volume.metadata"], "os-update_readonly_flag", { readonly: true }],
  [["volume.retype"], "os-retype", { new_type: "__DEFAULT__" }],
];

const VOLUME_KEEPS: readonly (readonly [name: string, body: unknown])[] = [
  ["os-unreserve", {}],
  ["os-roll_detaching", {}],
  ["os-set_bootable", { bootable: true }],
  ["os-update_readonly_flag", { readonly: true }],
  ["os-show_image_metadata", {}],
  ["os-initialize_connection", {}],
  ["os-terminate_connection", {}],
  ["revert", {}],
  ["os-reimage", {}],
  ["os-migrate_volume", {}],
];

function driveVolumeActions(cinder: Recorder, id: string): void {
  const route = "POST /volumes/:id/action";
  for (const [kinds, name, body] of VOLUME_STEPS) {
    cinder.changes(kinds, route, [id], { ...ADMIN, body: { [name]: body } });
    cinder.session.sleep(30_000);
  }
  for (const [name, body] of VOLUME_KEEPS) cinder.keeps(route, [id], { ...ADMIN, body: { [name]: body } });
  const other = cinder.session.volume();
  cinder.changes(STATUS, route, [other], { ...ADMIN, body: { "os-force_delete": {} } });
}

function driveSnapshots(cinder: Recorder, volume: string): void {
  const snapshot = (): string => {
    const body = { snapshot: { volume_id: volume } };
    const made = cinder.changes(["snapshot.create"], "POST /snapshots", [], { body });
    cinder.session.sleep(30_000);
    return textAt(made, "snapshot.id");
  };
  const [id, other] = [snapshot(), snapshot()];
  cinder.changes(["snapshot.update"], "PUT /snapshots/:id", [id], { body: { snapshot: { name: "other" } } });
  driveMetadata(cinder, "snapshots", id);
  const action = "POST /snapshots/:id/action";
  cinder.changes(["snapshot.status"], action, [id], { ...ADMIN, body: { "os-reset_status": { status: "error" } } });
  cinder.changes(["snapshot.status"], "DELETE /snapshots/:id", [id]);
  cinder.keeps("DELETE /snapshots/:id", [id]);
  cinder.changes(["snapshot.status"], action, [other], { ...ADMIN, body: { "os-force_delete": {} } });
  cinder.session.sleep(30_000);
}

function driveTypes(cinder: Recorder): void {
  const type = { name: "private", "os-volume-type-access:is_public": false };
  const made = cinder.changes(["type.create"], "POST /types", [], { ...ADMIN, body: { volume_type: type } });
  const id = textAt(made, "volume_type.id");
  const renamed = { ...ADMIN, body: { volume_type: { name: "other" } } };
  cinder.changes(["type.update"], "PUT /types/:id", [id], renamed);
  const specs = { ...ADMIN, body: { extra_specs: { a: "1" } } };
  cinder.changes(["type.extra-specs"], "POST /types/:id/extra_specs", [id], specs);
  cinder.keeps("POST /types/:id/extra_specs", [id], specs);
  cinder.changes(["type.extra-specs"], "PUT /types/:id/extra_specs/:key", [id, "a"], { ...ADMIN, body: { a: "2" } });
  cinder.changes(["type.extra-specs"], "DELETE /types/:id/extra_specs/:key", [id, "a"], ADMIN);
  const access = { ...ADMIN, body: { addProjectAccess: { project: "11111111-2222-4333-8444-555555555555" } } };
  cinder.changes(["type.access"], "POST /types/:id/action", [id], access);
  cinder.keeps("POST /types/:id/action", [id], access);
  cinder.changes(["type.delete"], "DELETE /types/:id", [id], ADMIN);
}

function driveQualities(cinder: Recorder): void {
  const limits = { ...ADMIN, body: { quota_class_set: { volumes: 7 } } };
  cinder.changes(["quota.class"], "PUT /os-quota-class-sets/:name", ["other"], limits);
  const named = { ...ADMIN, body: { qos_specs: { name: "fast", iops: "5" } } };
  const spec = textAt(cinder.changes(["qos.create"], "POST /qos-specs", [], named), "qos_specs.id");
  cinder.keeps("POST /qos-specs", [], named);
  cinder.changes(["qos.update"], "PUT /qos-specs/:id", [spec], { ...ADMIN, body: { qos_specs: { burst: "9" } } });
  cinder.changes(["qos.update"], "PUT /qos-specs/:id/delete_keys", [spec], { ...ADMIN, body: { keys: ["burst"] } });
  cinder.changes(["qos.delete"], "DELETE /qos-specs/:id", [spec], ADMIN);
  const made = cinder.changes(["type.create"], "POST /types", [], {
    ...ADMIN,
    body: { volume_type: { name: "safe" } },
  });
  const type = textAt(made, "volume_type.id");
  const encryption = { provider: "luks", control_location: "front-end" };
  cinder.changes(["type.encrypt"], "POST /types/:id/encryption", [type], { ...ADMIN, body: { encryption } });
  const change = { ...ADMIN, body: { encryption: { cipher: "aes" } } };
  cinder.changes(["type.encrypt"], "PUT /types/:id/encryption/:key", [type, "x"], change);
  cinder.changes(["type.decrypt"], "DELETE /types/:id/encryption/:key", [type, "x"], ADMIN);
}

function driveGroupType(cinder: Recorder): string {
  const wanted = { ...ADMIN, version: 60, body: { group_type: { name: "together" } } };
  const type = textAt(cinder.changes(["group-type.create"], "POST /group_types", [], wanted), "group_type.id");
  cinder.keeps("POST /group_types", [], wanted);
  const renamed = { ...ADMIN, version: 60, body: { group_type: { description: "of one kind" } } };
  cinder.changes(["group-type.update"], "PUT /group_types/:id", [type], renamed);
  const specs = { ...ADMIN, version: 60, body: { group_specs: { a: "1" } } };
  cinder.changes(["group-type.specs"], "POST /group_types/:id/group_specs", [type], specs);
  const spec = { ...ADMIN, version: 60, body: { a: "2" } };
  cinder.changes(["group-type.specs"], "PUT /group_types/:id/group_specs/:key", [type, "a"], spec);
  const bare = { ...ADMIN, version: 60 };
  cinder.changes(["group-type.specs"], "DELETE /group_types/:id/group_specs/:key", [type, "a"], bare);
  return type;
}

function driveGroups(cinder: Recorder): void {
  const type = driveGroupType(cinder);
  const create = { version: 60, body: { group: { group_type: type, volume_types: ["__DEFAULT__"] } } };
  const group = textAt(cinder.changes(["group.create"], "POST /groups", [], create), "group.id");
  cinder.session.sleep(30_000);
  const volume = cinder.session.send("cinder", "POST", "/volumes", {
    version: 60,
    body: { volume: { size: 1, volume_type: "__DEFAULT__", group_id: group } },
  });
  cinder.session.sleep(30_000);
  cinder.keeps("DELETE /volumes/:id", [textAt(volume, "volume.id")], { version: 60 });
  const renamed = { version: 60, body: { group: { name: "pair" } } };
  cinder.changes(["group.update"], "PUT /groups/:id", [group], renamed);
  cinder.keeps("PUT /groups/:id", [group], renamed);
  const wanted = { version: 60, body: { group_snapshot: { group_id: group } } };
  const made = cinder.changes(["snapshot.create", "group-snapshot.create"], "POST /group_snapshots", [], wanted);
  const snapshot = textAt(made, "group_snapshot.id");
  cinder.session.sleep(30_000);
  const copy = { version: 60, body: { "create-from-src": { group_snapshot_id: snapshot } } };
  cinder.changes(["volume.create", "group.create"], "POST /groups/action", [], copy);
  cinder.session.sleep(30_000);
  const remove = { version: 60, body: { delete: { "delete-volumes": true } } };
  cinder.keeps("POST /groups/:id/action", [group], remove);
  const reset = { ...ADMIN, version: 60, body: { reset_status: { status: "error" } } };
  cinder.changes(["group-snapshot.status"], "POST /group_snapshots/:id/action", [snapshot], reset);
  const kinds = ["snapshot.status", "group.status"];
  cinder.changes(kinds, "DELETE /group_snapshots/:id", [snapshot], { version: 60 });
  cinder.session.sleep(30_000);
  cinder.changes(["volume.status", "group.status"], "POST /groups/:id/action", [group], remove);
  cinder.session.sleep(30_000);
  cinder.keeps("DELETE /group_types/:id", [type], { ...ADMIN, version: 60 });
  const other = textAt(
    cinder.session.send("cinder", "POST", "/group_types", {
      ...ADMIN,
      version: 60,
      body: { group_type: { name: "b" } },
    }),
    "group_type.id",
  );
  cinder.changes(["group-type.delete"], "DELETE /group_types/:id", [other], { ...ADMIN, version: 60 });
}

function driveTransfers(cinder: Recorder): void {
  for (const path of ["/os-volume-transfer", "/volume-transfers"]) {
    const body = { transfer: { volume_id: cinder.session.volume() } };
    const kinds = ["transfer.create", "volume.status"];
    const offered = cinder.changes(kinds, `POST ${path}`, [], { body });
    cinder.changes(["volume.status", "transfer.delete"], `DELETE ${path}/:id`, [textAt(offered, "transfer.id")]);
    const again = cinder.changes(kinds, `POST ${path}`, [], { body });
    const [id, key] = [textAt(again, "transfer.id"), textAt(again, "transfer.auth_key")];
    cinder.keeps(`POST ${path}/:id/accept`, [id], { who: "B", body: { accept: { auth_key: "wrong" } } });
    const accept = { who: "B", body: { accept: { auth_key: key } } } as const;
    cinder.changes(["volume.status", "transfer.accept"], `POST ${path}/:id/accept`, [id], accept);
    expect(journalText(cinder.session)).not.toContain(key);
  }
}

function driveAttachments(cinder: Recorder): void {
  const body = { attachment: { volume_uuid: cinder.session.volume() } };
  const made = cinder.changes(STATUS, "POST /attachments", [], { version: 54, body });
  const id = textAt(made, "attachment.id");
  const connector = { version: 54, body: { attachment: { connector: { host: "machine" } } } };
  cinder.changes(STATUS, "PUT /attachments/:id", [id], connector);
  cinder.changes(STATUS, "POST /attachments/:id/action", [id], { version: 54, body: { "os-complete": null } });
  cinder.changes(STATUS, "DELETE /attachments/:id", [id], { version: 54 });
}

function driveServices(cinder: Recorder): void {
  const named = { ...ADMIN, body: { binary: "cinder-volume", host: "ref@fake" } };
  for (const action of ["disable", "enable"])
    cinder.changes(["service.update"], "PUT /os-services/:action", [action], named);
}

function driveBackupRecords(cinder: Recorder, id: string): void {
  cinder.changes(["backup.update"], "PUT /backups/:id", [id], { version: 9, body: { backup: { name: "other" } } });
  const available = { ...ADMIN, body: { "os-reset_status": { status: "available" } } };
  cinder.changes(["backup.status"], "POST /backups/:id/action", [id], available);
  const record = cinder.keeps("GET /backups/:id/export_record", [id], ADMIN);
  cinder.keeps("POST /backups/import_record", [], { ...ADMIN, body: record.json });
  cinder.changes(["backup.delete"], "DELETE /backups/:id", [id]);
  cinder.changes(["backup.import"], "POST /backups/import_record", [], { ...ADMIN, body: record.json });
}

function driveBackups(cinder: Recorder, volume: string): void {
  const body = { backup: { volume_id: volume } };
  const made = cinder.changes(["backup.create", "volume.status"], "POST /backups", [], { body });
  const id = textAt(made, "backup.id");
  cinder.session.sleep(30_000);
  cinder.keeps("POST /backups/:id/restore", [id], { body: {} });
  driveBackupRecords(cinder, id);
  cinder.changes(["backup.delete"], "DELETE /backups/:id", [id], ADMIN);
  const [message] = cinder.session.cloud.openstack.state().cinder.messages.keys();
  cinder.changes(["message.delete"], "DELETE /messages/:id", [message ?? ""], { version: 3 });
}

function driveCinderQuotas(cinder: Recorder): void {
  const project = cinder.session.cloud.projectId("A");
  const quota = { ...ADMIN, body: { quota_set: { volumes: 50 } } };
  cinder.changes(["quota.update"], "PUT /os-quota-sets/:target", [project], quota);
  cinder.keeps("PUT /os-quota-sets/:target", [project], quota);
  cinder.changes(["quota.reset"], "DELETE /os-quota-sets/:target", [project], ADMIN);
  cinder.keeps("DELETE /os-quota-sets/:target", [project], ADMIN);
  cinder.keeps("DELETE /attachments/:id", ["none"], { version: 27 });
}

describe("the journal", () => {
  it("records each change that a route of Nova makes once, and nothing else", async () => {
    const nova = await driveNova(await TestSession.open({ quotas: { instances: 20 } }));
    expect([...nova.routes].filter((route) => !route.startsWith("GET ")).sort()).toEqual(writing(NOVA_ROUTES));
    expect(Object.keys(SERVER_ACTIONS).filter((name) => !nova.actions.has(name))).toEqual([]);
  });

  it("records each change that a route of Cinder makes once, and nothing else", async () => {
    const cinder = driveCinder(await TestSession.open());
    expect([...cinder.routes].filter((route) => !route.startsWith("GET ")).sort()).toEqual(writing(CINDER_ROUTES));
    expect(Object.keys(VOLUME_ACTIONS).filter((name) => !cinder.actions.has(name))).toEqual([]);
  });
});
