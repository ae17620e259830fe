import type { World } from "../../../simulators/world.ts";
import { type BrokerAddress, type OsbAnswer, type OsbClient, osbClient } from "../../clients/osb.ts";
import type { DatabaseContents } from "../contents.ts";
import type { PlanOffer } from "../fixture.ts";
import {
  BrokenPromise,
  markGone,
  type Credentials,
  isCalm,
  Model,
  type ModelBackup,
  type ModelBinding,
  type ModelInstance,
  type InstanceShape,
} from "../model.ts";

/** How a platform reads an answer. `open`: it can't know what was done (cut off, no answer in time, 5xx). */
type Reading = "accepted" | "done" | "gone" | "refused" | "open";

function read(answer: OsbAnswer): Reading {
  if (answer.kind === "unknown" || answer.status >= 500) return "open";
  if (answer.status === 202) return "accepted";
  if (answer.status < 300) return "done";
  return answer.status === 404 || answer.status === 410 ? "gone" : "refused";
}

const bodyOf = (answer: OsbAnswer): Readonly<Record<string, unknown>> => (answer.kind === "answer" ? answer.body : {});

const told = (answer: OsbAnswer): string =>
  answer.kind === "unknown" ? answer.reason : `${answer.status} ${JSON.stringify(answer.body)}`;

const TENANTS = [0, 1, 2].map((tenant) => ({
  platform: "cloudfoundry",
  organization_guid: `0000000${tenant}-0000-4000-8000-000000000001`,
  space_guid: `0000000${tenant}-0000-4000-8000-000000000002`,
}));

const TABLE = "ledger";

/** A platform and its tenants' applications: orders from the broker, remembers what it was told, and uses what it got. */
export class ReferencePlatform {
  readonly model = new Model();
  readonly offer: PlanOffer;
  readonly #world: World;
  readonly #client: OsbClient;
  #ids = 0;
  #rows = 0;

  constructor(world: World, broker: BrokerAddress, offer: PlanOffer) {
    this.offer = offer;
    this.#world = world;
    this.#client = osbClient(world.environmentAt(world.plan.applications), broker, (ms, signal) =>
      world.driver.sleep(ms, signal),
    );
  }

  #id(): string {
    return `00000000-0000-4000-8000-${String(++this.#ids).padStart(12, "0")}`;
  }

  #path({ id }: ModelInstance): string {
    return `/v2/service_instances/${id}`;
  }

  #plan({ plan }: InstanceShape): string {
    return this.offer.planIds[plan] as string;
  }

  /** service_id and plan_id as a query; the plan is the one that the platform believes in. */
  #query(instance: ModelInstance, plan = instance.shapes[0] as InstanceShape): string {
    return `service_id=${this.offer.serviceId}&plan_id=${this.#plan(plan)}`;
  }

  /** What is valid and meets nothing else must be taken. */
  #refused(what: string, instance: ModelInstance, wasCalm: boolean, answer: OsbAnswer): void {
    if (wasCalm) throw new BrokenPromise(`${what} of ${instance.id} was refused although it is idle: ${told(answer)}`);
  }

  async provision(tenant: number, shape: InstanceShape): Promise<ModelInstance> {
    const instance = this.model.add(this.#id(), tenant, shape);
    const context = TENANTS[tenant % TENANTS.length] as (typeof TENANTS)[number];
    const answer = await this.#client.send("PUT", `${this.#path(instance)}?accepts_incomplete=true`, {
      service_id: this.offer.serviceId,
      plan_id: this.#plan(shape),
      context,
      organization_guid: context.organization_guid,
      space_guid: context.space_guid,
      ...(shape.maxConnections !== null && { parameters: { max_connections: shape.maxConnections } }),
    });
    const reading = read(answer);
    if (reading === "refused" || reading === "gone")
      throw new BrokenPromise(`a valid provision was refused: ${told(answer)}`);
    instance.phase = reading === "accepted" ? "making" : reading === "done" ? "standing" : "doomed";
    return instance;
  }

  async update(instance: ModelInstance, to: InstanceShape): Promise<void> {
    const wasCalm = isCalm(instance);
    const answer = await this.#client.send("PATCH", `${this.#path(instance)}?accepts_incomplete=true`, {
      service_id: this.offer.serviceId,
      plan_id: this.#plan(to),
      ...(to.maxConnections !== null && { parameters: { max_connections: to.maxConnections } }),
    });
    switch (read(answer)) {
      case "accepted":
        instance.update = to;
        instance.shapes = [...instance.shapes, to];
        return;
      case "done":
        instance.shapes = [to];
        return;
      case "open":
        instance.uncertain = true;
        instance.shapes = [...instance.shapes, to];
        return;
      default:
        this.#refused("an update", instance, wasCalm, answer);
    }
  }

  async bind(instance: ModelInstance): Promise<ModelBinding> {
    const wasCalm = isCalm(instance);
    const binding = this.model.bind(this.#id(), instance);
    const context = TENANTS[instance.tenant % TENANTS.length] as (typeof TENANTS)[number];
    const answer = await this.#client.send("PUT", `${this.#bindingPath(binding)}?accepts_incomplete=true`, {
      service_id: this.offer.serviceId,
      plan_id: this.#plan(instance.shapes[0] as InstanceShape),
      context,
      bind_resource: { space_guid: context.space_guid },
    });
    const reading = read(answer);
    if (reading === "done") this.#bound(binding, bodyOf(answer));
    else if (reading === "open") binding.phase = "doomed";
    else if (reading !== "accepted") {
      binding.phase = "gone";
      this.#refused("a binding", instance, wasCalm, answer);
    }
    return binding;
  }

  #bindingPath({ id, instance }: ModelBinding): string {
    return `${this.#path(instance)}/service_bindings/${id}`;
  }

  #bound(binding: ModelBinding, body: Readonly<Record<string, unknown>>): void {
    const { credentials } = body as { credentials?: Credentials };
    if (credentials === undefined) throw new BrokenPromise(`the binding ${binding.id} has no credentials`);
    binding.credentials = credentials;
    binding.phase = "standing";
  }

  async unbind(binding: ModelBinding): Promise<void> {
    const wasCalm = isCalm(binding.instance);
    const query = this.#query(binding.instance);
    const answer = await this.#client.send("DELETE", `${this.#bindingPath(binding)}?accepts_incomplete=true&${query}`);
    const reading = read(answer);
    if (reading === "done" || reading === "gone") binding.phase = "gone";
    else if (reading === "accepted") binding.phase = "going";
    else if (reading === "open") binding.phase = "doomed";
    else this.#refused("an unbinding", binding.instance, wasCalm, answer);
  }

  async deprovision(instance: ModelInstance): Promise<void> {
    const wasCalm = isCalm(instance);
    for (const shape of instance.shapes) {
      const query = this.#query(instance, shape);
      const answer = await this.#client.send("DELETE", `${this.#path(instance)}?accepts_incomplete=true&${query}`);
      const reading = read(answer);
      if (reading === "done" || reading === "gone") markGone(instance);
      else if (reading === "accepted") instance.phase = "going";
      else if (reading === "open") instance.phase = "doomed";
      // A platform that does not know which plan it has tries both.
      else if (instance.shapes.length > 1 && shape !== instance.shapes.at(-1)) continue;
      else this.#refused("a deprovision", instance, wasCalm, answer);
      return;
    }
  }

  async backUp(instance: ModelInstance): Promise<void> {
    const wasCalm = isCalm(instance);
    const backup = this.model.backUp(instance);
    const answer = await this.#client.send("POST", `${this.#backupsPath(instance)}/backups`);
    const reading = read(answer);
    if (reading === "accepted") backup.id = String(bodyOf(answer).id);
    else if (reading !== "open") {
      this.#ended(backup, "gone");
      this.#refused("a backup", instance, wasCalm, answer);
    }
  }

  #backupsPath(instance: ModelInstance): string {
    return `${this.#path(instance)}/extensions/backup`;
  }

  #ended(backup: ModelBackup, phase: "usable" | "gone"): void {
    backup.phase = phase;
    backup.known.isEnded = true;
  }

  async restore(backup: ModelBackup): Promise<void> {
    const { instance, id } = backup;
    const wasCalm = isCalm(instance);
    const answer = await this.#client.send("POST", `${this.#backupsPath(instance)}/backups/${id}/restores`);
    const reading = read(answer);
    if (reading === "accepted" || reading === "open") {
      instance.holds.beginRestore(backup.known);
      instance.restore = { id: reading === "accepted" ? String(bodyOf(answer).id) : undefined };
    } else this.#refused("a restore", instance, wasCalm, answer);
  }

  /** Rows of an application; only those whose write was acknowledged are expected to be there. */
  write(binding: ModelBinding, count: number): void {
    const { instance } = binding;
    const session = this.open(binding);
    if (session === undefined) return;
    for (let at = 0; at < count; at++) {
      const key = `${instance.id.slice(-4)}-${++this.#rows}`;
      const row = { row: this.#rows, tenant: instance.tenant };
      session.put(TABLE, key, row);
      instance.holds.noteWrite(new Map([[key, JSON.stringify(row)]]));
    }
    session.close();
  }

  /** A session of the application that has this binding; undefined when the database can't be reached or does not let it in. */
  open(binding: ModelBinding, at?: string): ReturnType<World["dataservices"]["session"]> | undefined {
    const { credentials } = binding;
    if (credentials === undefined) return undefined;
    const address = at ?? this.#world.net.resolve(credentials.host);
    if (address === undefined) return undefined;
    if (at === undefined) binding.address = address;
    const { username, password, name, port } = credentials;
    try {
      return this.#world.dataservices.session(this.#world.plan.applications, address, port, {
        username,
        password,
        database: name,
      });
    } catch (error) {
      if (error instanceof Error && error.name === "DataServiceError") return undefined;
      throw error;
    }
  }

  contentOf(session: NonNullable<ReturnType<ReferencePlatform["open"]>>): DatabaseContents {
    return new Map(session.read(TABLE).map(([key, row]) => [key, JSON.stringify(row)]));
  }

  /** Asks once how things are with an instance, its bindings, backups and restore, and takes note. */
  async observe(instance: ModelInstance): Promise<void> {
    if (instance.phase === "gone" || instance.phase === "doomed") return;
    if (instance.phase !== "standing" || instance.update !== undefined || instance.uncertain)
      await this.#observeOperation(instance);
    for (const binding of instance.bindings) await this.#observeBinding(binding);
    for (const backup of instance.backups) if (backup.phase === "going on") await this.#observeBackup(backup);
    if (instance.restore !== undefined) await this.#observeRestore(instance, instance.restore.id);
  }

  async #observeOperation(instance: ModelInstance): Promise<void> {
    const answer = await this.#client.send("GET", `${this.#path(instance)}/last_operation?${this.#query(instance)}`);
    const reading = read(answer);
    if (reading === "gone" && instance.phase === "going") return markGone(instance);
    if (reading === "gone" || reading === "refused")
      throw new BrokenPromise(`the operation of ${instance.id} is not known: ${told(answer)}`);
    const { state, instance_usable: usable } = bodyOf(answer);
    if (reading === "open" || state === "in progress") return;
    if (instance.phase === "making") instance.phase = state === "succeeded" ? "standing" : "doomed";
    else if (instance.phase === "going") {
      if (state === "succeeded") markGone(instance);
      else instance.phase = "doomed";
    } else {
      if (state === "succeeded" && instance.update !== undefined && !instance.uncertain)
        instance.shapes = [instance.update];
      instance.usable = state === "succeeded" || usable !== false;
      instance.update = undefined;
      instance.uncertain = false;
    }
  }

  async #observeBinding(binding: ModelBinding): Promise<void> {
    if (binding.phase !== "making" && binding.phase !== "going") return;
    const path = this.#bindingPath(binding);
    const answer = await this.#client.send("GET", `${path}/last_operation?${this.#query(binding.instance)}`);
    const reading = read(answer);
    const { state } = bodyOf(answer);
    if (reading === "open" || state === "in progress") return;
    if (binding.phase === "going") {
      if (reading === "gone" || state === "succeeded") binding.phase = "gone";
      else binding.phase = "doomed";
    } else if (state === "succeeded") {
      const fetched = await this.#client.send("GET", path);
      if (read(fetched) === "done") this.#bound(binding, bodyOf(fetched));
    } else binding.phase = "doomed";
  }

  async #observeBackup(backup: ModelBackup): Promise<void> {
    const base = `${this.#backupsPath(backup.instance)}/backups`;
    if (backup.id === undefined) return this.#adopt(backup, base);
    const answer = await this.#client.send("GET", `${base}/${backup.id}`);
    const { state } = bodyOf(answer);
    if (read(answer) === "gone") throw new BrokenPromise(`the backup ${backup.id} that was accepted is not known`);
    if (state === "succeeded") this.#ended(backup, "usable");
    if (state === "failed") this.#ended(backup, "gone");
  }

  /** A backup whose order was cut off is the one in the list that nobody knows; if there is none, it was never made. */
  async #adopt(backup: ModelBackup, base: string): Promise<void> {
    const answer = await this.#client.send("GET", base);
    if (read(answer) !== "done") return;
    const list = bodyOf(answer).backups as readonly { readonly id: string }[];
    const known = new Set(this.model.backups.map(({ id }) => id));
    const found = list.find(({ id }) => !known.has(id));
    if (found === undefined) this.#ended(backup, "gone");
    else backup.id = found.id;
  }

  async #observeRestore(instance: ModelInstance, id: string | undefined): Promise<void> {
    const answer = await this.#client.send("GET", `${this.#backupsPath(instance)}/restores`);
    if (read(answer) !== "done") return;
    const list = bodyOf(answer).restores as readonly { readonly id: string; readonly state: string }[];
    const mine = list.find((each) => (id === undefined ? !instance.restoresSeen.has(each.id) : each.id === id));
    if (mine === undefined && id !== undefined)
      throw new BrokenPromise(`the restore ${id} that was accepted is not known`);
    if (mine?.state === "queued" || mine?.state === "running") return;
    if (mine !== undefined) instance.restoresSeen.add(mine.id);
    instance.holds.endRestore(mine?.state === "succeeded" ? "succeeded" : "failed");
    instance.restore = undefined;
  }

  /** GET of the instance: its plan and parameters, if it answers. */
  async shapeOf(instance: ModelInstance): Promise<InstanceShape | undefined> {
    const answer = await this.#client.send("GET", this.#path(instance));
    if (read(answer) !== "done") return undefined;
    const { plan_id: planId, parameters } = bodyOf(answer) as {
      plan_id: string;
      parameters?: { max_connections?: number };
    };
    return { plan: this.offer.planIds.indexOf(planId), maxConnections: parameters?.max_connections ?? null };
  }
}
