import { KINDS } from "../dataservices/state.ts";
import type { Instance, LawfulWorld, Lookup } from "./lookup.ts";

type Properties = Readonly<Record<string, unknown>>;

const jobOf = ({ vm }: Instance, name: string): { readonly properties: Properties } | undefined =>
  vm?.jobs.find((job) => job.name === name);

/** The data service of an instance, by the job that its VM has; `undefined` for any other instance. */
export const dataServiceOf = (instance: Instance): string | undefined =>
  KINDS.find((kind) => jobOf(instance, kind) !== undefined);

const isRunning = ({ vm, state }: Instance): boolean =>
  state === "started" && vm !== null && vm.isSupervised && vm.jobState === "running";

/** The names that the Consul agent of an instance registers: its node, and on the primary's the alias. */
function namesOf({ dataservices }: LawfulWorld, instance: Instance): readonly string[] {
  const properties = jobOf(instance, "consul-agent")?.properties;
  if (properties === undefined) return [];
  const own = `${String(properties.node)}-${instance.index}`;
  const address = instance.ips[0]?.ip ?? "";
  const kind = dataservices.at(address)?.kind;
  const hasPrimary =
    kind === undefined ? instance.bootstrap : dataservices.primaryOf(instance.deployment, kind)?.address === address;
  return hasPrimary ? [own, String(properties.alias)] : [own];
}

/** Each name in the cloud's own networks is that of a VM with that address; each VM has its names. */
function names(world: LawfulWorld, known: Lookup): readonly string[] {
  const { dns, plan } = world;
  const stray = dns.catalog
    .nodes()
    .filter(({ address }) => address.startsWith(`${plan.block}.`))
    .filter(({ name, address }) => {
      const instance = known.byAddress.get(address);
      const isOwn =
        instance !== undefined && (namesOf(world, instance).includes(name) || namesOf(world, instance).length === 0);
      return !isOwn && !known.busy.has(instance?.deployment ?? "") && address !== plan.management.gateway;
    })
    .map(({ name, address }) => `the name ${name} leads to ${address}, which is not its VM`);
  const missing = known.instances
    .filter((instance) => isRunning(instance) && !known.busy.has(instance.deployment))
    .flatMap((instance) =>
      namesOf(world, instance).filter((name) => dns.catalog.node(name)?.address !== instance.ips[0]?.ip),
    )
    .map((name) => `the name ${name} does not lead to its VM`);
  return [...(known.project === "" ? [] : stray), ...missing];
}

/** Each data service runs on a VM that has its job; each VM that runs such a job has its data service. */
function processes({ dataservices }: LawfulWorld, known: Lookup): readonly string[] {
  const running = dataservices.instances();
  const at = new Set(running.map(({ address }) => address));
  const stray = running
    .filter(({ address, kind, deployment }) => {
      const instance = known.byAddress.get(address);
      return !known.busy.has(deployment) && (instance === undefined || jobOf(instance, kind) === undefined);
    })
    .map(({ kind, address }) => `${kind} runs at ${address}, where no VM has that job`);
  const missing = known.instances
    .filter((instance) => isRunning(instance) && dataServiceOf(instance) !== undefined)
    .filter(({ ips, deployment }) => !at.has(ips[0]?.ip ?? "") && !known.busy.has(deployment))
    .map(({ deployment, ips }) => `no data service runs at ${ips[0]?.ip} of ${deployment}`);
  return [...stray, ...missing];
}

const EPHEMERAL = "ephemeral:";

/** The data of each data service are on an existing volume. */
function contents({ dataservices, openstack }: LawfulWorld, known: Lookup): readonly string[] {
  const { volumes } = openstack.state().cinder;
  return dataservices
    .disks()
    .filter((disk) => !volumes.has(disk) && !known.byAddress.has(disk.slice(EPHEMERAL.length)))
    .map((disk) => `data is kept for the disk ${disk}, which does not exist`);
}

/** The laws of the names, processes and stored data of data services: a line for each violation. */
export const serviceLaws = (world: LawfulWorld, known: Lookup): readonly string[] =>
  [names, processes, contents].flatMap((law) => law(world, known));
