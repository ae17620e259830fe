import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { BackendError, FinalError } from "../errors.ts";
import { bodyOf, exchange, expectStatus, retryWhileDown, textOf } from "../http/client.ts";
import { isOfSwift } from "../http/refusals.ts";
import type { OpenStackProject } from "../openstack/project.ts";
import { agentOf, type OperationContext } from "../operations/context.ts";
import { DirectorClient } from "../spi/director/client.ts";
import type { BackupRow, BindingRow, InstanceRow } from "../store/schema.ts";

const DEPLOYMENTS = Compile(
  Type.Array(Type.Object({ name: Type.String(), releases: Type.Array(Type.Object({ name: Type.String() })) })),
);
const DISKS = Compile(
  Type.Array(
    Type.Object({ disk_cid: Type.String(), deployment_name: Type.Optional(Type.Union([Type.String(), Type.Null()])) }),
  ),
);
const Server = Type.Object({ id: Type.String(), metadata: Type.Record(Type.String(), Type.String()) });
const SERVERS = Compile(Type.Object({ servers: Type.Array(Server) }));
const NODES = Compile(Type.Array(Type.Object({ Node: Type.String() })));

/** A server of Nova, with the director's metadata. */
type ServerView = Static<typeof Server>;

/** The contents of the broker's records. */
export interface Records {
  readonly instances: readonly InstanceRow[];
  readonly bindings: readonly BindingRow[];
  readonly backups: readonly BackupRow[];
  /** Instances with an operation in progress: they may be half made. */
  readonly busy: ReadonlySet<string>;
  /** Deployments that a record names, or did a moment ago. */
  readonly named: ReadonlySet<string>;
}

/**
 * The existing objects according to each backend. Deployments, disks, servers and nodes belong to this
 * service only.
 */
export interface Inventory {
  readonly deployments: readonly string[];
  /** Ports that have the group of an instance, by instance. */
  readonly guarded: ReadonlyMap<string, number>;
  readonly orphanedDisks: readonly { readonly cid: string; readonly deployment: string }[];
  readonly servers: readonly ServerView[];
  /** Names of nodes in Consul; undefined if the broker knows no Consul. */
  readonly nodes: readonly string[] | undefined;
  /** Names of the users of each instance that was asked; undefined if its agent did not answer. */
  readonly users: ReadonlyMap<string, readonly string[] | undefined>;
  /** Names of the objects in the container of backups. */
  readonly objects: readonly string[];
}

/** A service instance's deployment: prefix, `d`, 7 hexadecimal digits. */
const DEPLOYMENT = /^d[0-9a-f]{7}$/;
const LISTINGS_MAX = 10_000;

/** Reads the broker's records. @throws StoreError */
export async function readRecords({ store }: OperationContext): Promise<Records> {
  // First the operations: nothing that begins after this can look finished in any backend.
  const before = await store.openOperations();
  const [instances, bindings, backups] = [await store.instances(), await store.bindings(), await store.backups()];
  const after = await store.openOperations();
  const busy = new Set([...before, ...after].map(({ instance_id: id }) => id));
  return { instances, bindings, backups, busy, named: new Set(instances.map(({ deployment }) => deployment)) };
}

async function listObjects(project: OpenStackProject): Promise<readonly string[]> {
  const names: string[] = [];
  for (let listing = 0; listing < LISTINGS_MAX; listing++) {
    const marker = names.at(-1) ?? "";
    const answer = await project.call("object-store", "GET", `/backups?marker=${encodeURIComponent(marker)}`);
    if (answer.status === 404 && isOfSwift(answer)) return names;
    const page = textOf(expectStatus(answer, "the container of backups", 200, 204))
      .split("\n")
      .filter(Boolean);
    if (page.length === 0) return names;
    names.push(...page);
  }
  throw new FinalError("the container of backups has no end");
}

async function listServers(
  project: OpenStackProject,
  isOurs: (deployment: string) => boolean,
): Promise<readonly ServerView[]> {
  const answer = await project.call("compute", "GET", "/servers/detail");
  const { servers } = bodyOf(expectStatus(answer, "servers", 200), SERVERS);
  return servers.filter(({ metadata }) => isOurs(metadata.deployment ?? ""));
}

/** How many agents are asked at a time. */
const AGENTS_AT_ONCE = 8;

/** Asks the agent of each existing instance which users it has. */
async function listUsers(
  context: OperationContext,
  { instances, busy }: Records,
  deployments: readonly string[],
): Promise<Inventory["users"]> {
  const standing = new Set(deployments);
  const asked = instances.filter(
    ({ id, state, address, deployment }) =>
      state === "ready" && address !== "" && !busy.has(id) && standing.has(deployment),
  );
  const users = new Map<string, readonly string[] | undefined>();
  const waiting = asked.values();
  const ask = async (): Promise<void> => {
    for (const instance of waiting) {
      const names = await agentOf(context, instance)
        .users()
        .catch((error: unknown) => {
          if (error instanceof BackendError || error instanceof FinalError) return undefined;
          throw error;
        });
      users.set(instance.id, names);
    }
  };
  await Promise.all(Array.from({ length: AGENTS_AT_ONCE }, ask));
  return users;
}

/**
 * Asks every backend what exists.
 *
 * @param records deployments that they do not name do not matter here: they belong to other services
 * @throws BackendError, FinalError
 */
export async function takeInventory(
  context: OperationContext,
  project: OpenStackProject,
  records: Records,
): Promise<Inventory> {
  const { named: known } = records;
  const { config, host, service, guard } = context;
  const director = new DirectorClient(config, host);
  const all = bodyOf(expectStatus(await director.read("/deployments"), "deployments", 200), DEPLOYMENTS);
  const release = `a9s-${service.kind}`;
  const deployments = all
    .filter(({ name, releases }) => DEPLOYMENT.test(name) && releases.some((each) => each.name === release))
    .map(({ name }) => name);
  const foreign = new Set(all.map(({ name }) => name).filter((name) => !deployments.includes(name)));
  // An object without a deployment may belong to another service; only objects that a record names are certainly ours.
  const isOurs = (name: string): boolean => known.has(name) || (deployments.includes(name) && !foreign.has(name));
  const disks = bodyOf(expectStatus(await director.read("/disks"), "disks", 200), DISKS);
  const { consul } = config;
  const nodes =
    consul &&
    (await retryWhileDown(host, () => exchange(host, { method: "GET", url: `${consul.url}/v1/catalog/nodes` })));
  return {
    deployments,
    guarded: await guard.guardedPorts(),
    orphanedDisks: disks
      .map(({ disk_cid: cid, deployment_name: name }) => ({ cid, deployment: name ?? "" }))
      .filter(({ deployment }) => isOurs(deployment)),
    servers: await listServers(project, isOurs),
    nodes: nodes && bodyOf(expectStatus(nodes, "nodes", 200), NODES).map(({ Node }) => Node),
    users: await listUsers(context, records, deployments),
    objects: await listObjects(project),
  };
}
