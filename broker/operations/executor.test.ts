import { Readable } from "node:stream";
import { beforeEach, describe, expect, it } from "vitest";
import { BackendError, FinalError, StoreError } from "../errors.ts";
import type { Guard } from "../guard/guard.ts";
import { chooseCatalog } from "../spi/catalog.ts";
import { firstMaintenance } from "../spi/maintenance.ts";
import { serviceOf } from "../spi/services/services.ts";
import type { Deployer } from "../spi/director/deployer.ts";
import { embeddedPool } from "../store/embedded.ts";
import type { InstanceRow } from "../store/schema.ts";
import { createSeal, sealText } from "../store/seal.ts";
import { type Operation, openStore, type Store } from "../store/store.ts";
import { backupRow, restoreRow } from "../store/testing/rows.ts";
import { FakeHost, TEST_CONFIG } from "../testing.ts";
import { createExecutor, type Executor } from "./executor.ts";
import type { OperationContext } from "./context.ts";

const IDS = serviceOf("postgresql");
const outage = (): StoreError => new StoreError(new Error("Connection terminated unexpectedly"));

/** A context whose backends do what a test says; what they were asked for is written down. */
class Bench {
  readonly host = new FakeHost(({ method, url }) => {
    const json = { role: "primary", username: url.split("/").at(-1) };
    return method === "DELETE" ? { json } : { json, ...this.agent() };
  });
  readonly asked: string[] = [];
  readonly reported: unknown[] = [];
  agent: () => { readonly status: number; readonly json?: unknown } = () => ({ status: 200 });
  deploy: (contextId: string) => void = () => {};
  remove: () => void = () => {};
  admit: () => void = () => {};
  context!: OperationContext;
  executor!: Executor;

  async open(): Promise<void> {
    const { host, asked } = this;
    const note = (what: string): Promise<void> => Promise.resolve(void asked.push(what));
    const deployer: Deployer = {
      deploy: async (_deployment, _manifest, contextId) => {
        await note(`deploy ${contextId}`);
        this.deploy(contextId);
      },
      cancel: (contextId) => note(`cancel ${contextId}`),
      remove: async (deployment) => {
        await note(`remove ${deployment}`);
        this.remove();
      },
      vms: () => Promise.resolve([{ cid: "vm", index: 0, ips: ["10.0.0.5"] }]),
    };
    const guard: Guard = {
      protect: ({ id }) => note(`protect ${id}`),
      reprotect: (id) => note(`reprotect ${id}`),
      guardedPorts: () => Promise.resolve(new Map()),
      admit: async (_instance, cidrs) => {
        await note(`admit ${cidrs.join()}`);
        this.admit();
      },
      narrow: (_id, cidrs) => note(cidrs.length === 0 ? "close" : `narrow ${cidrs.join()}`),
      close: (id) => note(`close ${id}`),
      remove: (id) => note(`unguard ${id}`),
    };
    this.context = {
      config: TEST_CONFIG,
      host,
      store: await openStore(embeddedPool(), host),
      service: IDS,
      catalog: chooseCatalog(IDS, firstMaintenance("postgresql")),
      deployer,
      guard,
      backups: {
        put: () => Promise.resolve({ parts: [], bytes: 0 }),
        verify: () => Promise.resolve(),
        open: () => Readable.from([]),
        read: () => Readable.from([]),
        remove: (id) => note(`forget ${id}`),
      },
      seal: createSeal(host, [TEST_CONFIG.encryptionKey], "store"),
    };
    this.executor = this.executorOn(() => ({}));
  }

  /** An executor whose store does some things in another way. */
  executorOn(change: (store: Store) => Partial<Store>): Executor {
    const { store, ...others } = this.context;
    const changed: Store = { ...store, ...change(store), fencedBy: () => changed };
    return createExecutor({ ...others, store: changed }, (error) => void this.reported.push(error));
  }

  row(id: string): InstanceRow {
    const secrets = sealText(this.context.seal, JSON.stringify({ agentPassword: "b" }));
    return {
      id,
      plan_id: IDS.plans[0]?.id ?? "",
      deployment: `d-${id}`,
      state: "creating",
      owner: "o",
      parameters: "{}",
      context: "{}",
      secrets,
      address: "",
      version: 1,
      created_ms: 1,
      maintenance: "",
    };
  }

  async order(id: string, change: Partial<Operation> = {}): Promise<Operation> {
    const operation: Operation = {
      id: `op-${id}-${change.kind ?? "provision"}`,
      instance_id: id,
      binding_id: "",
      kind: "provision",
      state: "in progress",
      description: "",
      payload: JSON.stringify({ row: this.row(id) }),
      busy: id,
      created_ms: 1,
      worker: this.context.store.worker.name,
      fence: 1,
      ...change,
    };
    await (operation.busy === null
      ? this.context.store.enqueue(operation)
      : this.context.store.openOperation(operation));
    return operation;
  }
}

describe("the executor", () => {
  let bench: Bench;

  beforeEach(async () => {
    bench = new Bench();
    await bench.open();
  });

  it("carries an operation out and writes down that it succeeded", async () => {
    const operation = await bench.order("a");
    expect(await bench.executor.start(operation)).toBe("succeeded");
    expect(await bench.context.store.operation(operation.id)).toMatchObject({ state: "succeeded", busy: null });
    expect(await bench.context.store.instance("a")).toMatchObject({ state: "ready", address: "10.0.0.5" });
    expect(bench.asked).toContain("admit ");
  });

  it("does an operation that is started twice once", async () => {
    const operation = await bench.order("a");
    const endings = [bench.executor.start(operation), bench.executor.start(operation), bench.executor.resume()];
    await Promise.all(endings);
    expect(bench.asked.filter((what) => what.startsWith("deploy"))).toHaveLength(1);
  });

  it("begins again while a backend is out of order", async () => {
    let failures = 2;
    bench.deploy = () => {
      if (failures-- > 0) throw new BackendError("the director is away");
    };
    expect(await bench.executor.start(await bench.order("a"))).toBe("succeeded");
    expect(bench.asked.filter((what) => what.startsWith("deploy"))).toHaveLength(3);
  });

  it("waits for a store that is away, however long", async () => {
    let outages = 100;
    const operation = await bench.order("a");
    const executor = bench.executorOn((store) => ({
      instance: (id) => (outages-- > 0 ? Promise.reject(outage()) : store.instance(id)),
    }));
    expect(await executor.start(operation)).toBe("succeeded");
    expect(outages).toBeLessThan(0);
    expect(bench.reported).toEqual([]);
  });

  it("takes up once the store is back what was opened meanwhile", async () => {
    const { store } = bench.context;
    let outages = 3;
    const flaky = {
      ...store,
      openOperations: () =>
        outages-- > 0 ? Promise.reject(new StoreError(new Error("gone"))) : store.openOperations(),
    };
    const executor = createExecutor({ ...bench.context, store: flaky }, (error) => void bench.reported.push(error));
    const operation = await bench.order("a");
    for (let asked = 0; asked < 5; asked++) executor.resumeLater();
    await executor.resume();
    expect(await executor.start(operation)).toBe("succeeded");
    expect(bench.asked.filter((what) => what.startsWith("deploy"))).toHaveLength(1);
    expect(bench.reported).toEqual([]);
  });

  it("takes back what a failed provision has made, and tells no defect of it", async () => {
    bench.deploy = () => {
      throw new FinalError("task 3 ended in error: secret hosts");
    };
    const operation = await bench.order("a");
    expect(await bench.executor.start(operation)).toBe("failed");
    expect(bench.asked.slice(1)).toEqual(["close a", "remove d-a", "unguard a"]);
    expect(await bench.context.store.instance("a")).toMatchObject({ state: "failed" });
    expect((await bench.context.store.operation(operation.id))?.description).not.toContain("secret");
    expect(bench.reported).toEqual([]);
  });

  it("does not try the work again on what is half undone", async () => {
    const operation = await bench.order("a", { state: "undoing" });
    await bench.executor.resume();
    expect(await bench.executor.start(operation)).toBe("failed");
    expect(bench.asked).toEqual(["close a", "remove d-a", "unguard a"]);
  });

  it("says of an instance broken that can not go back to what it was", async () => {
    await bench.executor.start(await bench.order("a"));
    bench.deploy = () => {
      throw new FinalError("no");
    };
    const payload = JSON.stringify({ planId: IDS.plans[1]?.id, parameters: "{}" });
    expect(await bench.executor.start(await bench.order("a", { kind: "update", payload }))).toBe("failed");
    expect(await bench.context.store.instance("a")).toMatchObject({ state: "broken", plan_id: IDS.plans[0]?.id });
  });

  it("brings an instance back to what its record says when an update fails", async () => {
    await bench.executor.start(await bench.order("a"));
    bench.deploy = (contextId) => {
      if (!contextId.endsWith("-undo")) throw new FinalError("no");
    };
    const payload = JSON.stringify({ planId: IDS.plans[1]?.id, parameters: "{}" });
    expect(await bench.executor.start(await bench.order("a", { kind: "update", payload }))).toBe("failed");
    expect(await bench.context.store.instance("a")).toMatchObject({ state: "ready", plan_id: IDS.plans[0]?.id });
  });

  it("keeps the record of an instance whose deletion failed", async () => {
    await bench.executor.start(await bench.order("a"));
    bench.remove = () => {
      throw new FinalError("no");
    };
    expect(await bench.executor.start(await bench.order("a", { kind: "deprovision" }))).toBe("failed");
    expect(await bench.context.store.instance("a")).toMatchObject({ state: "broken" });
    bench.remove = () => {};
    expect(await bench.executor.start(await bench.order("a", { kind: "deprovision", id: "again" }))).toBe("succeeded");
    expect(await bench.context.store.instance("a")).toBeUndefined();
  });

  it("cuts a provision short for the deletion that waits behind it", async () => {
    const provision = await bench.order("a", { state: "undoing" });
    const deletion = await bench.order("a", { kind: "deprovision", busy: null });
    const waiting = bench.executor.start(deletion);
    await bench.host.sleepMs(1);
    await bench.executor.start(provision);
    expect(await waiting).toBe("succeeded");
    expect(bench.asked).toContain(`cancel ${provision.id}`);
    expect(await bench.context.store.instance("a")).toBeUndefined();
  });

  it("reports a defect, and ends the operation all the same", async () => {
    bench.deploy = () => {
      throw new TypeError("a defect");
    };
    expect(await bench.executor.start(await bench.order("a"))).toBe("failed");
    expect(bench.reported).toEqual([new TypeError("a defect")]);
  });
});

describe("a binding", () => {
  let bench: Bench;
  const row = { id: "b", instance_id: "a", state: "creating", request: "", username: "u", password: "", created_ms: 1 };
  const bind = (): Promise<Operation> => {
    const payload = JSON.stringify({ row: { ...row, password: sealText(bench.context.seal, "secret") } });
    return bench.order("a", { kind: "bind", binding_id: "b", payload });
  };

  beforeEach(async () => {
    bench = new Bench();
    await bench.open();
    await bench.executor.start(await bench.order("a"));
    bench.asked.length = 0;
  });

  it("opens the instance once its user is there, and closes it before the user goes", async () => {
    await bench.executor.start(await bind());
    expect(bench.asked).toEqual(["protect a", "admit 10.0.0.0/24"]);
    bench.asked.length = 0;
    await bench.executor.start(await bench.order("a", { kind: "unbind", binding_id: "b", payload: "{}" }));
    expect(bench.asked[0]).toBe("close");
    expect(await bench.context.store.bindings()).toEqual([]);
  });

  it("that fails leaves neither record nor way", async () => {
    bench.agent = () => ({ status: 422, json: {} });
    expect(await bench.executor.start(await bind())).toBe("failed");
    expect(await bench.context.store.bindings()).toEqual([]);
    expect(bench.asked).not.toContain("admit 10.0.0.0/24");
  });

  it("that can not be let in fails, and takes its user away although nothing can be opened still", async () => {
    bench.admit = () => {
      throw new FinalError("rule answered 409: OverQuota");
    };
    expect(await bench.executor.start(await bind())).toBe("failed");
    expect(await bench.context.store.bindings()).toEqual([]);
    const deleted = bench.host.sent.filter(({ method }) => method === "DELETE").map(({ url }) => new URL(url).pathname);
    expect(deleted).toEqual(["/v1/credentials/u"]);
    expect(bench.asked).toEqual(["protect a", "admit 10.0.0.0/24", "close", "protect a"]);
  });
});

describe("a restore of a cluster", () => {
  it("has ended once its replicas follow again: before, the loss of the primary would be an outage", async () => {
    const bench = new Bench();
    await bench.open();
    const { store } = bench.context;
    const plan = IDS.plans.find(({ nodes }) => nodes > 1);
    await store.addInstance({ ...bench.row("a"), plan_id: plan?.id ?? "", state: "ready", address: "10.0.0.5" });
    await store.addBackup(backupRow("k", "a", { state: "succeeded" }));
    let looks = 0;
    bench.host.answer = ({ url }) =>
      url.endsWith("/v1/status")
        ? { json: { role: "primary", phase: ++looks < 3 ? "fenced" : "primary" } }
        : { json: { restored: true } };
    const payload = JSON.stringify({ row: restoreRow("r", "a", "k") });
    expect(await bench.executor.start(await bench.order("a", { kind: "restore", payload }))).toBe("succeeded");
    expect(looks).toBe(3);
  });
});
