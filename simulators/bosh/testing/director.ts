import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { basicHeader, type HttpReply, Kernel, makeRequest, replyHeader } from "../../kernel/index.ts";
import type { Dummy } from "../cpi/dummy.ts";
import { receiveArchive } from "../artifacts/archive.ts";
import { type Bosh, createBosh, createDummyCpi } from "../index.ts";
import type { Instance } from "../state/deployments.ts";
import type { Task } from "../state/tasks.ts";

export const fixture = (name: string): URL =>
  new URL(`../../../docs/parity/recordings/fixtures/${name}`, import.meta.url);

export interface FollowedTask {
  readonly id: number;
  readonly state: string;
  readonly result: string;
  readonly events: readonly Record<string, unknown>[];
}

const TASK_S_MAX = 10_000;

/** A director with the reference users, and functions that call it as the CLI does. For tests. */
export class TestDirector {
  readonly kernel = new Kernel({ seed: 5 });
  readonly dummy: Dummy = createDummyCpi(this.kernel);
  readonly bosh: Bosh;

  /** @param resurrector whether the health monitor runs; default false */
  constructor({ resurrector = false }: { readonly resurrector?: boolean } = {}) {
    this.bosh = createBosh(this.kernel, {
      name: "reference",
      users: [
        { name: "admin", password: "adminpw", scopes: ["bosh.admin"] },
        { name: "reader", password: "readerpw", scopes: ["bosh.read"] },
        { name: "team-a", password: "teampw", scopes: ["bosh.teams.a.admin"] },
      ],
      cpi: this.dummy,
      resurrector,
    });
  }

  send(
    method: string,
    path: string,
    options: { type?: string; body?: string; user?: string; received?: unknown; headers?: Record<string, string> } = {},
  ): HttpReply {
    const [user = "", password = ""] = (options.user ?? "admin:adminpw").split(":");
    const headers = {
      host: "d:25555",
      authorization: basicHeader(user, password),
      ...(options.type && { "content-type": options.type }),
      ...options.headers,
    };
    return this.bosh.director.receive(
      makeRequest(method, path, { headers, body: options.body ?? "", received: options.received }),
    ) as HttpReply;
  }

  /** Sends JSON. */
  json(method: string, path: string, body: unknown): HttpReply {
    return this.send(method, path, { type: "application/json", body: JSON.stringify(body) });
  }

  /** Follows the task of a reply to its end. */
  task(reply: HttpReply): FollowedTask {
    const id = Number(replyHeader(reply, "location")?.split("/").at(-1));
    for (let waited = 0; waited < TASK_S_MAX; waited++) {
      const task = this.send("GET", `/tasks/${id}`).json as { state: string; result: string };
      if (!["queued", "processing", "cancelling"].includes(task.state)) return { id, ...task, events: this.events(id) };
      this.pass(1000);
    }
    throw new Error(`task ${id} does not end`);
  }

  /** The event lines of a task. */
  events(id: number): readonly Record<string, unknown>[] {
    return String(this.send("GET", `/tasks/${id}/output?type=event`).body ?? "")
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** Lets simulated time pass. */
  pass(ms: number): void {
    this.kernel.advanceTo(this.kernel.nowMs + ms);
  }

  async upload(path: string, file: string): Promise<string> {
    const received = await receiveArchive(Readable.from([readFileSync(fixture(file))]));
    return this.task(this.send("POST", path, { type: "application/x-compressed", received })).result;
  }

  /** Uploads a stemcell, a release and a cloud config. @throws Error */
  async ready(): Promise<void> {
    await this.upload("/stemcells", "stemcell-1.1.tgz");
    await this.upload("/releases", "demo-1.tgz");
    const body = readFileSync(fixture("cloud.yml"), "utf8");
    const { status } = this.send("POST", "/cloud_configs?name=", { type: "text/yaml", body });
    if (status !== 201) throw new Error(`the cloud config was answered with ${status}`);
  }

  deploy(file: string): FollowedTask {
    return this.deployText(readFileSync(fixture(file), "utf8"));
  }

  deployText(manifest: string): FollowedTask {
    return this.task(this.send("POST", "/deployments", { type: "text/yaml", body: manifest }));
  }

  /** An instance in the director's state. @throws Error when there is none */
  instance(deployment: string, group: string, index = 0): Instance {
    const found = this.bosh
      .state()
      .deployments.get(deployment)
      ?.instances.find((each) => each.group === group && each.index === index);
    if (found === undefined) throw new Error(`there is no instance ${deployment} ${group}/${index}`);
    return found;
  }

  /** Deletes the VM of an instance behind the director's back. */
  loseVm({ vm }: Instance): void {
    if (vm !== null) this.kernel.spawn("loss", this.dummy.deleteVm(vm.cid));
    this.pass(0);
  }

  /** `bosh delete-vm`. */
  deleteVm({ vm }: Instance): FollowedTask {
    return this.task(this.send("DELETE", `/vms/${vm?.cid}`));
  }

  /** Tasks of one description, oldest first. */
  tasks(description: string): readonly Task[] {
    return [...this.bosh.state().tasks.values()].filter((task) => task.description === description);
  }

  /** Titles of the health monitor's alerts, oldest first. */
  alerts(): readonly string[] {
    return this.bosh
      .state()
      .events.filter(({ objectType }) => objectType === "alert")
      .map(({ context }) => String(context.message).split(". Alert @")[0] ?? "");
  }
}

interface GroupOptions {
  readonly job?: string;
  readonly diskMb?: number;
  readonly lifecycle?: "service" | "errand";
  readonly maxInFlight?: number;
}

/** A manifest `x` of instance groups, each by its name and the number of its instances. */
export function manifestOf(groups: Readonly<Record<string, number>>, options: GroupOptions = {}): string {
  const { job = "smoke", diskMb, lifecycle = "service", maxInFlight = 1 } = options;
  const group = ([name, instances]: [string, number]): object => ({
    name,
    instances,
    lifecycle,
    azs: ["z1"],
    jobs: [{ name: job, release: "demo" }],
    vm_type: "small",
    stemcell: "default",
    networks: [{ name: "default" }],
    ...(diskMb !== undefined && { persistent_disk: diskMb }),
  });
  return JSON.stringify({
    name: "x",
    releases: [{ name: "demo", version: "1" }],
    stemcells: [{ alias: "default", os: "tiny-os", version: "1.1" }],
    update: {
      canaries: 1,
      max_in_flight: maxInFlight,
      canary_watch_time: "500-5000",
      update_watch_time: "500-5000",
    },
    instance_groups: Object.entries(groups).map(group),
  });
}
