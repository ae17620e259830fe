import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { BackendError } from "../errors.ts";
import type { Host } from "../host.ts";
import { bodyOf, exchange, expectStatus } from "../http/client.ts";
import type { OperationContext } from "../operations/context.ts";

/** How long Consul may hold a query of which nothing has changed (its own limit is ten minutes). */
const WAIT_S = 300;
/** The pause after a query that failed. */
const RETRY_MS = 5000;

const Node = Type.Object({ Node: Type.String(), Address: Type.String(), CreateIndex: Type.Integer() });
const NODES = Compile(Type.Array(Node));
type Node = Static<typeof Node>;

/** The nodes of the catalog at one index, by name: what distinguishes a node. */
interface Catalog {
  readonly index: string;
  readonly nodes: ReadonlyMap<string, string>;
}

const identityOf = ({ Address: address, CreateIndex: created }: Node): string => `${address} ${created}`;

async function askCatalog(host: Host, url: string, index: string | undefined): Promise<Catalog> {
  const query = index === undefined ? "" : `?index=${index}&wait=${WAIT_S}s`;
  const answer = expectStatus(
    await exchange(host, { method: "GET", url: `${url}/v1/catalog/nodes${query}` }),
    "Consul",
    200,
  );
  const nodes = bodyOf(answer, NODES);
  return {
    index: answer.headers.get("x-consul-index") ?? "1",
    nodes: new Map(nodes.map((node) => [node.Node, identityOf(node)])),
  };
}

/** Names of nodes that are new or have been recreated. */
const changedNodes = (before: Catalog | undefined, { nodes }: Catalog): readonly string[] =>
  [...nodes].filter(([name, identity]) => before?.nodes.get(name) !== identity).map(([name]) => name);

/** Puts the groups of the instances to which these nodes belong on the ports of their VMs. @throws BackendError, FinalError */
async function reprotectNodes(context: OperationContext, names: readonly string[]): Promise<void> {
  const { store, guard, deployer, service } = context;
  const suffix = new RegExp(`-${service.role}-\\d+$`);
  const deployments = new Set(names.filter((name) => suffix.test(name)).map((name) => name.replace(suffix, "")));
  if (deployments.size === 0) return;
  for (const instance of await store.instances()) {
    const isMeant = deployments.has(instance.deployment) && (instance.state === "ready" || instance.state === "broken");
    if (!isMeant) continue;
    const vms = await deployer.vms(instance.deployment);
    await guard.reprotect(
      instance.id,
      vms.flatMap(({ cid }) => cid ?? []),
    );
  }
}

/**
 * Follows recreated VMs with Consul's blocking queries: a VM registers its name when it is up, and from then on its port has the group of its
 * instance. While Consul, the director or OpenStack is away, nothing is opened; what was missed is done afterwards.
 *
 * @param isOver called before each query @param report called with each defect; an unavailable backend is not one
 */
export async function followVms(
  context: OperationContext,
  isOver: () => boolean,
  report: (error: unknown) => void,
): Promise<void> {
  const { host, config } = context;
  if (config.consul === undefined || config.consul.follow === false) return;
  let seen: Catalog | undefined;
  while (!isOver()) {
    try {
      const now = await askCatalog(host, config.consul.url, seen?.index);
      // The watch looks after what existed before this process.
      if (seen !== undefined) await reprotectNodes(context, changedNodes(seen, now));
      seen = now;
    } catch (error) {
      if (isOver()) return;
      if (!(error instanceof BackendError)) report(error);
      await host.sleepMs(RETRY_MS);
    }
  }
}
