import { OWNER, PersistentCustomer } from "../../scenarios/cloud/testing.ts";
import type { Cloud } from "../../scenarios/cloud/cloud.ts";
import type { RunningBroker } from "../../scenarios/cloud/brokers.ts";
import { parseAs } from "../../scenarios/clients/answers.ts";
import { openStackClient } from "../../scenarios/clients/openstack.ts";
import { CLIENTS, Credentials, type Network, type Session } from "./clients.ts";

/** One step of a walk: what was done, how long it took, and why it failed. */
interface Step {
  readonly what: string;
  readonly ms: number;
  readonly why?: string;
}

/** The result of a walk. */
interface WalkResult {
  readonly plan: string;
  readonly steps: readonly Step[];
}

const PATIENCE_MS = 300_000;
const LOOK_MS = 50;

/** Tries until it works. @throws the last error */
async function untilItWorks<T>(work: () => Promise<T>): Promise<T> {
  const untilMs = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() > untilMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }
}

function expectSame(what: string, found: unknown, wanted: unknown): void {
  if (found !== wanted) throw new Error(`${what}: ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`);
}

/** A customer with one instance of a plan, and what the customer does with it. */
class Walk {
  readonly #cloud: Cloud;
  readonly #broker: RunningBroker;
  readonly #customer: PersistentCustomer;
  readonly #network: Network;
  readonly #plan: string;
  readonly #steps: Step[] = [];

  constructor(cloud: Cloud, broker: RunningBroker, customer: PersistentCustomer, plan: string) {
    this.#cloud = cloud;
    this.#broker = broker;
    this.#customer = customer;
    this.#plan = plan;
    this.#network = {
      localAddress: cloud.world.plan.applications,
      resolve: (name) => {
        const address = cloud.resolve(name);
        if (address === undefined) throw new Error(`${name} leads nowhere`);
        return address;
      },
    };
  }

  async #step<T>(what: string, work: () => Promise<T>): Promise<T> {
    const startMs = performance.now();
    try {
      process.stderr.write(`${this.#plan}: ${what}\n`);
      const done = await work();
      this.#steps.push({ what, ms: Math.round(performance.now() - startMs) });
      return done;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#steps.push({ what, ms: Math.round(performance.now() - startMs), why });
      throw error;
    }
  }

  #pathOf(name: string): string {
    return `/v2/service_instances/${this.#plan}-${name}`;
  }

  async #order(method: string, path: string, body?: object): Promise<void> {
    expectSame(`${method} ${path}`, await this.#customer.ask(method, path, body), "succeeded");
  }

  async #bind(name: string): Promise<Credentials> {
    const path = `${this.#pathOf(name)}/service_bindings/${this.#plan}-${name}-b`;
    await this.#order("PUT", path, { bind_resource: { app_guid: "app" } });
    const { body } = await this.#customer.askUntilAnswered("GET", path);
    return parseAs(Credentials, body.credentials, `GET ${path}`);
  }

  #open(credentials: Credentials): Promise<Session> {
    return (
      CLIENTS[this.#broker.service]?.(credentials, this.#network) ??
      Promise.reject(new Error(`no client of ${this.#broker.service}`))
    );
  }

  /** Works in its own session. */
  async #using<T>(credentials: Credentials, work: (session: Session) => Promise<T>): Promise<T> {
    const session = await this.#open(credentials);
    try {
      return await work(session);
    } finally {
      await session.end().catch(() => {});
    }
  }

  /** Deletes the VM of the primary in OpenStack, as if its host had died. */
  async #killPrimary({ host }: Credentials): Promise<void> {
    const { world } = this.#cloud;
    const address = this.#network.resolve(host);
    const admin = await openStackClient(world.environmentAt(world.plan.applications), {
      ...world.credentials.openstackAdmin,
      ...world.credentials.cpi,
    });
    for (const { instances } of world.bosh.state().deployments.values())
      for (const { vm, ips } of instances)
        if (vm !== null && ips.some(({ ip }) => ip === address))
          return void (await admin.call("compute", "DELETE", `/servers/${vm.cid}`));
    throw new Error(`no VM has ${address}`);
  }

  async #restoreTo(name: string, backup: string): Promise<void> {
    const base = `${this.#pathOf(name)}/extensions/backup`;
    const ordered = await this.#customer.askUntilAnswered("POST", `${base}/restores`, { backup_id: backup });
    expectSame(`a restore into ${name}`, ordered.status, 202);
    for (;;) {
      const { body } = await this.#customer.askUntilAnswered("GET", `${base}/restores/${String(ordered.body.id)}`);
      if (body.state !== "queued" && body.state !== "running")
        return expectSame(`a restore into ${name}`, body.state, "succeeded");
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  async #run(): Promise<void> {
    const backups = `${this.#pathOf("one")}/extensions/backup/backups`;
    await this.#step("order", () => this.#order("PUT", this.#pathOf("one"), OWNER));
    const own = await this.#step("bind", () => this.#bind("one"));
    await this.#step("write", () => untilItWorks(() => this.#using(own, (session) => session.write("coin", "gold"))));
    const backup = await this.#step("back up", async () => {
      const made = await this.#customer.make(backups, backups);
      expectSame("the backup", made.state, "succeeded");
      return made;
    });
    await this.#step("lose", () => this.#using(own, (session) => session.lose()));
    await this.#step("restore", () => this.#restoreTo("one", backup.id));
    const readBack = (credentials: Credentials): Promise<void> =>
      untilItWorks(async () =>
        expectSame("coin", await this.#using(credentials, (session) => session.read("coin")), "gold"),
      );
    await this.#step("read", () => readBack(own));
    await this.#step("kill the primary", () => this.#killPrimary(own));
    await this.#step("write again", () =>
      untilItWorks(() => this.#using(own, (session) => session.write("later", "silver"))),
    );
    await this.#step("read again", () => readBack(own));
    await this.#step("order another", () => this.#order("PUT", this.#pathOf("two"), OWNER));
    await this.#step("restore into it", () => this.#restoreTo("two", backup.id));
    const other = await this.#step("bind it", () => this.#bind("two"));
    await this.#step("read there", () => readBack(other));
    await this.#step("delete both", async () => {
      for (const name of ["one", "two"]) await this.#order("DELETE", this.#pathOf(name));
    });
  }

  async run(): Promise<WalkResult> {
    // All is done within steps, and they hold what failed.
    await this.#run().catch(() => {});
    return { plan: this.#plan, steps: this.#steps };
  }
}

/** Takes an instance of a plan through everything that a customer does with it. */
export async function walkPlan(cloud: Cloud, broker: RunningBroker, plan: string): Promise<WalkResult> {
  const customer = await PersistentCustomer.of(cloud.world, broker, plan);
  return new Walk(cloud, broker, customer, plan).run();
}
