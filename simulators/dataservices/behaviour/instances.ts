import { hash } from "node:crypto";
import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { emptyContent } from "./content.ts";
import { DataServiceError } from "../wire/errors.ts";
import { faultAt } from "../faults.ts";
import { primaryOf } from "../cluster/cluster.ts";
import { dropInFlight } from "./commits.ts";
import { enroll, expel, noteLoss } from "./groups.ts";
import { isSupervised, membersOf } from "./replication.ts";
import type { DataServices } from "./services.ts";
import { halt, startServer, watch } from "./supervision.ts";
import { type Disk, groupOf, type Instance, type Kind, KINDS } from "../state.ts";

/** The order with which a VM's agent starts the job of a data service. */
export interface StartOrder {
  readonly kind: Kind;
  readonly address: string;
  readonly deployment: string;
  readonly index: number;
  /** The bootstrap instance of a new group is its primary, the others are replicas. */
  readonly bootstrap: boolean;
  /** The persistent disk. With null, the data last as long as the job runs on this VM. */
  readonly disk: string | null;
  /** Properties of the job: `{database, port, admin, agent: {port, username, password_sha256}, parameters: {…custom}, …limits of the plan}`. */
  readonly properties: Readonly<Record<string, unknown>>;
}

const DEFAULT_PORTS: Readonly<Record<Kind, number>> = { postgresql: 5432, redis: 6379, mongodb: 27017 };
const AGENT_PORT = 3100;
const TLS = Type.Object({
  ca: Type.Optional(Type.String()),
  certificate: Type.String(),
  private_key: Type.String(),
  names: Type.Optional(Type.Array(Type.String())),
});
const PROPERTIES = Compile(
  Type.Object({
    database: Type.String(),
    port: Type.Optional(Type.Unknown()),
    agent: Type.Object({
      username: Type.String(),
      password: Type.Optional(Type.String({ minLength: 1 })),
      password_sha256: Type.Optional(Type.String({ pattern: "^[0-9a-f]{64}$" })),
      port: Type.Optional(Type.Unknown()),
    }),
    tls: Type.Optional(Type.Union([Type.Null(), TLS])),
  }),
);
/** Properties that are not custom parameters. */
const STRUCTURAL = new Set(["database", "port", "admin", "agent", "tls"]);

/**
 * Starts the data service of a VM; another call applies the new properties. A VM that is recreated with the same disk has the
 * same users and data.
 *
 * @throws DataServiceError DS_BAD_JOB, DS_VM_TAKEN
 */
export function start(services: DataServices, order: StartOrder): Instance {
  const { kernel } = services;
  const state = services.slot.value;
  const there = state.instances.get(order.address);
  if (there !== undefined && there.kind !== order.kind) throw new DataServiceError("DS_VM_TAKEN", order.address);
  const made = instanceOf(order, faultAt(kernel, "start", order) === undefined ? "running" : "failing");
  const isSame = there?.disk === made.disk && there.index === made.index && there.deployment === made.deployment;
  const instance = isSame ? { ...made, ...serverOf(there) } : made;
  if (!state.disks.has(instance.disk)) state.disks.set(instance.disk, newDisk(instance.disk));
  state.instances.set(instance.address, instance);
  join(services, instance);
  const started = isSupervised(services, instance) ? supervise(services, instance) : instance;
  const { kind, address, deployment, index, role } = started;
  kernel.record("dataservices", `service.${started.state}`, address, { kind, deployment, index, role });
  services.onChanged(address);
  return started;
}

/** The parts of an instance that survive new properties. */
const serverOf = ({ role, server, follows, waitsFor }: Instance) => ({ role, server, follows, waitsFor });

/** Makes a node a member of its group. The first serves at once, others once they are copies of it. */
function supervise(services: DataServices, instance: Instance): Instance {
  const { instances } = services.slot.value;
  const { cluster } = enroll(services, instance);
  const role = cluster.leader === instance.index ? "primary" : "replica";
  const isReal = services.real?.covers(instance) === true;
  if (instance.state === "failing") halt(services, instance);
  else if (isReal)
    instances.set(instance.address, { ...instance, role: primaryOf(cluster) === instance.index ? role : "replica" });
  else if (instance.server === "stopped") {
    const isAlone = cluster.voters.length === 0;
    if (role === "primary" && isAlone) startServer(services, instance, "primary");
    else instances.set(instance.address, { ...instance, role: "replica" });
  }
  watch(services, instance);
  return instances.get(instance.address) ?? instance;
}

function join({ slot }: DataServices, instance: Instance): void {
  const group = groupOf(instance);
  const others = (slot.value.groups.get(group) ?? []).filter((address) => address !== instance.address);
  slot.value.groups.set(group, [...others, instance.address]);
}

function leave({ slot }: DataServices, instance: Instance): void {
  const group = groupOf(instance);
  const others = (slot.value.groups.get(group) ?? []).filter((address) => address !== instance.address);
  if (others.length === 0) slot.value.groups.delete(group);
  else slot.value.groups.set(group, others);
}

const newDisk = (id: string): Disk => ({
  id,
  users: new Map(),
  content: emptyContent(),
  position: 0,
  isBlank: true,
  restored: [],
});

/**
 * The password is random and as long as its digest, so that nobody can derive it from that; a job may also
 * set it itself.
 */
const digestOf = (agent: { readonly password?: string; readonly password_sha256?: string }): string | undefined =>
  agent.password_sha256 ?? (agent.password === undefined ? undefined : hash("sha256", agent.password));

function instanceOf(order: StartOrder, state: Instance["state"]): Instance {
  const { kind, address, deployment, index, properties } = order;
  const digest = PROPERTIES.Check(properties) ? digestOf(properties.agent) : undefined;
  if (!PROPERTIES.Check(properties) || digest === undefined)
    throw new DataServiceError("DS_BAD_JOB", `${kind} needs database, agent.username and agent.password_sha256`);
  const { agent } = properties;
  return {
    kind,
    address,
    port: Number(properties.port ?? DEFAULT_PORTS[kind]),
    deployment,
    index,
    role: order.bootstrap ? "primary" : "replica",
    server: "stopped",
    follows: null,
    waitsFor: [],
    database: properties.database,
    disk: order.disk ?? ephemeral(address),
    agent: { port: Number(agent.port ?? AGENT_PORT), username: agent.username, passwordSha256: digest },
    tls: properties.tls ? tlsOf(properties.tls) : undefined,
    parameters: parametersOf(properties),
    state,
  };
}

const tlsOf = ({ private_key: privateKey, ...given }: Static<typeof TLS>): NonNullable<Instance["tls"]> => ({
  certificate: given.certificate,
  privateKey,
  ...(given.ca !== undefined && { ca: given.ca }),
  ...(given.names && { names: given.names }),
});

const ephemeral = (address: string): string => `ephemeral:${address}`;

/** The job's own properties come last, so that a platform's `parameters` change no limit of a plan. */
function parametersOf(properties: Readonly<Record<string, unknown>>): Instance["parameters"] {
  const { parameters } = properties;
  const given = typeof parameters === "object" && parameters !== null ? Object.entries(parameters) : [];
  const own = Object.entries(properties).filter(([name]) => !STRUCTURAL.has(name));
  return Object.fromEntries([...given, ...own].filter(isScalar));
}

const isScalar = (entry: readonly [string, unknown]): entry is [string, string | number | boolean] =>
  ["string", "number", "boolean"].includes(typeof entry[1]);

/**
 * Stops the data service of a VM: its sessions end and nothing listens any more. The disk keeps its contents,
 * unless the VM `isGone` and the disk was the VM's own.
 */
export function stop(services: DataServices, address: string, kind: Kind, isGone = false): void {
  const state = services.slot.value;
  const instance = state.instances.get(address);
  if (instance === undefined || instance.kind !== kind) return;
  services.endSessions(instance);
  dropInFlight(services, instance);
  state.instances.delete(address);
  leave(services, instance);
  services.kernel.record("dataservices", "service.stopped", address, { kind, deployment: instance.deployment });
  if (isGone && state.disks.delete(ephemeral(address))) expel(services, ephemeral(address));
  const group = state.clusters.get(groupOf(instance));
  if (group?.cluster.leader === instance.index) noteLoss(group, services.kernel.nowMs);
  watch(services, instance);
  services.onChanged(address, isGone);
}

/** Copies everything from one persistent disk to another. */
export function copyDisk(services: DataServices, from: string, to: string): void {
  const { disks } = services.slot.value;
  const source = disks.get(from);
  if (source === undefined) return;
  disks.set(to, { ...structuredClone(source), id: to });
  services.kernel.record("dataservices", "disk.copy", to, { from });
  services.onDiskCopied(from, to);
}

/** Forgets a persistent disk and its contents for good. */
export function destroyDisk(services: DataServices, disk: string): void {
  if (!services.slot.value.disks.delete(disk)) return;
  services.kernel.record("dataservices", "disk.destroy", disk);
  for (const key of expel(services, disk)) {
    const [deployment = "", group] = key.split("/");
    const kind = KINDS.find((each) => each === group);
    const [first] = kind === undefined ? [] : membersOf(services, { deployment, kind });
    if (first !== undefined) watch(services, first);
  }
  services.onDiskDestroyed(disk);
}

/** @throws DataServiceError DS_NOT_SIMULATED for a kind that neither a real server nor the virtual plane can serve */
export function requireSimulatedData({ real }: DataServices, instance: Instance): void {
  const { kind } = instance;
  if (kind !== "postgresql" && !real?.covers(instance))
    throw new DataServiceError("DS_NOT_SIMULATED", `the data of ${kind}`);
}

/** The part of BOSH's job context that a data service needs. */
interface JobContext {
  readonly deployment: string;
  readonly index: number;
  readonly bootstrap: boolean;
  readonly ip: string;
  readonly diskCid: string | null;
  readonly properties: Readonly<Record<string, unknown>>;
}

/**
 * The behaviours of the jobs `postgresql`, `redis` and `mongodb` on a VM, in the shape that the director's
 * agent calls.
 */
export interface DataServiceJob {
  start(place: JobContext): void;
  stop(place: JobContext, isGone: boolean): void;
}

/** The behaviours of those jobs, by kind. */
export function jobsOf(services: DataServices): Readonly<Record<Kind, DataServiceJob>> {
  const job = (kind: Kind): DataServiceJob => ({
    start: ({ deployment, index, bootstrap, ip, diskCid, properties }) => {
      start(services, { kind, address: ip, deployment, index, bootstrap, disk: diskCid, properties });
    },
    stop: ({ ip }, isGone) => stop(services, ip, kind, isGone),
  });
  return { postgresql: job("postgresql"), redis: job("redis"), mongodb: job("mongodb") };
}
