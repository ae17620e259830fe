import { Refusal } from "../wire/refusal.ts";
import { byText, compilePattern, type Slot } from "../../kernel/index.ts";
import { durationNs, invalidDuration } from "../wire/duration.ts";
import { checkUuid, type Sessions } from "./sessions.ts";
import type { Store } from "./store.ts";

/** A prepared query in Consul's own shape. */
export interface PreparedQuery {
  readonly ID: string;
  readonly Name: string;
  readonly Session: string;
  readonly Token: string;
  readonly Template: { readonly Type: string; readonly Regexp: string; readonly RemoveEmptyTags: boolean };
  readonly Service: {
    readonly Service: string;
    /** Enterprise only; empty. */
    readonly SamenessGroup: string;
    readonly Failover: {
      readonly NearestN: number;
      readonly Datacenters: readonly string[] | null;
      /** Datacenters and peers, one after the other; instead of the two above. */
      readonly Targets: readonly { readonly Peer: string; readonly Datacenter: string }[] | null;
    };
    readonly OnlyPassing: boolean;
    readonly IgnoreCheckIDs: readonly string[] | null;
    readonly Near: string;
    readonly Tags: readonly string[] | null;
    readonly NodeMeta: Readonly<Record<string, string>> | null;
    readonly ServiceMeta: Readonly<Record<string, string>> | null;
    readonly Connect: boolean;
    /** The cluster from which the service was imported; empty for our own. */
    readonly Peer: string;
  };
  readonly DNS: { readonly TTL: string };
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
}

/** A refusal; the message is Consul's. */
class QueryError extends Refusal {}
/** Consul's text for a query that doesn't exist. */
export const QUERY_NOT_FOUND = "Query not found";

const TEMPLATE = "name_prefix_match";

/** Prepared queries of one datacenter: by id, by case-insensitive name, or by the longest prefix of a template. */
export class Queries {
  readonly #store: Store;
  readonly #sessions: Sessions;
  readonly #slot: Slot<Map<string, PreparedQuery>>;

  /** The prefix of refusals of the log itself. */
  readonly #raftPrefix: string;

  constructor(store: Store, sessions: Sessions, raftPrefix: string) {
    this.#raftPrefix = raftPrefix;
    this.#store = store;
    this.#sessions = sessions;
    this.#slot = store.slot(`dns/${store.datacenter}/queries`, new Map());
  }

  get tableIndex(): number {
    return this.#store.latest("prepared-queries");
  }

  list(): readonly PreparedQuery[] {
    return [...this.#slot.value.values()].sort((a, b) => byText(a.ID, b.ID));
  }

  /** @throws SessionError for an id that is not a UUID */
  get(id: string): PreparedQuery | undefined {
    checkUuid(id, "failed prepared query lookup");
    return this.#slot.value.get(id);
  }

  /** Creates a query and answers with its id. @throws QueryError, SessionError */
  create(asked: PreparedQuery): string {
    if (asked.ID !== "") throw new QueryError("ID must be empty when creating a new prepared query");
    const id = this.#store.kernel.random("dns/queries").uuid();
    this.#save({ ...asked, ID: id });
    return id;
  }

  /** @throws QueryError, SessionError */
  update(asked: PreparedQuery): void {
    this.#requireQuery(asked.ID);
    this.#save(asked);
  }

  delete(id: string): void {
    this.#requireQuery(id);
    this.#drop(id, this.#store.next());
  }

  #requireQuery(id: string): void {
    try {
      if (this.get(id) !== undefined) return;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      throw new QueryError(`Prepared Query lookup failed: ${error.message}`);
    }
    throw new QueryError(`Cannot modify non-existent prepared query: '${id}'`);
  }

  #drop(id: string, index: number): void {
    this.#slot.value.delete(id);
    this.#store.touch(index, "prepared-queries");
    this.#store.record("query.delete", id);
  }

  /** Removes the queries of a session that is gone. */
  deleteBoundTo(session: string, index: number): void {
    for (const { ID, Session } of this.#slot.value.values()) if (Session === session) this.#drop(ID, index);
  }

  #save(asked: PreparedQuery): void {
    checkQuery(asked);
    try {
      this.#checkStored(asked);
    } catch (error) {
      throw error instanceof Refusal ? new QueryError(this.#raftPrefix + error.message) : error;
    }
    const index = this.#store.next();
    const known = this.#slot.value.get(asked.ID);
    this.#slot.value.set(asked.ID, { ...asked, CreateIndex: known?.CreateIndex ?? index, ModifyIndex: index });
    this.#store.touch(index, "prepared-queries");
    this.#store.record("query.save", asked.ID, { name: asked.Name });
  }

  /** Checks that the log makes when it applies a query. @throws QueryError, SessionError */
  #checkStored(asked: PreparedQuery): void {
    if (asked.Session !== "") this.#checkSession(asked.Session);
    const name = asked.Name.toLowerCase();
    const alias = name !== "" && this.list().find(({ ID, Name }) => ID !== asked.ID && Name.toLowerCase() === name);
    if (alias) throw new QueryError(`name '${asked.Name}' aliases an existing query name`);
    if (asked.Template.Type !== "") checkTemplate(asked, this.#raftPrefix !== "");
  }

  #checkSession(id: string): void {
    if (this.#raftPrefix === "") checkUuid(id, "invalid session");
    if (this.#sessions.get(id) === undefined) throw new QueryError(`invalid session "${id}"`);
  }

  /** The query of this id or name, templates filled in. */
  resolve(idOrName: string): PreparedQuery | undefined {
    const byId = this.#slot.value.get(idOrName.toLowerCase());
    if (byId !== undefined) {
      if (byId.Template.Type !== "")
        throw new QueryError("prepared query templates can only be resolved up by name, not by ID");
      return byId;
    }
    const name = idOrName.toLowerCase();
    const all = this.list();
    const exact = all.find(({ Name, Template }) => Template.Type === "" && Name !== "" && Name.toLowerCase() === name);
    if (exact !== undefined) return exact;
    const [template] = all
      .filter(({ Name, Template }) => Template.Type !== "" && name.startsWith(Name.toLowerCase()))
      .sort((a, b) => b.Name.length - a.Name.length);
    return template && renderTemplate(template, idOrName);
  }
}

function checkQuery({ Name, Session, Template, Service, DNS }: PreparedQuery): void {
  const refuse = (why: string): never => {
    throw new QueryError(`Invalid prepared query: ${why}`);
  };
  if (Name === "" && Template.Type === "" && Session === "") refuse("Must be bound to a session");
  if (Service.Service === "") refuse("Must provide a Service name to query");
  if (Service.Failover.NearestN < 0) refuse(`Bad NearestN '${Service.Failover.NearestN}', must be >= 0`);
  const { NearestN, Datacenters, Targets } = Service.Failover;
  if ((NearestN !== 0 || (Datacenters ?? []).length > 0) && (Targets ?? []).length > 0)
    refuse("Targets cannot be populated with NearestN or Datacenters");
  if (Service.SamenessGroup !== "") refuse("sameness-groups are an enterprise-only feature");
  if (DNS.TTL === "") return;
  const ttl = durationNs(DNS.TTL);
  if (ttl === undefined) return refuse(`Bad DNS TTL '${DNS.TTL}': ${invalidDuration(DNS.TTL)}`);
  if (ttl < 0) refuse(`DNS TTL '${ttl}', must be >=0`);
}

const VARIABLES = ["name.full", "name.prefix", "name.suffix", "agent.segment"];
const INTERPOLATION = /\$\{([^}]*)\}/g;

/** @throws QueryError for a template that can't be evaluated */
function checkTemplate({ Template, Service }: PreparedQuery, isToday: boolean): void {
  const refuse = (why: string): never => {
    throw new QueryError(`failed compiling template: ${why}`);
  };
  if (Template.Type !== TEMPLATE) refuse(`Bad Template.Type '${Template.Type}'`);
  const compiled = compilePattern(Template.Regexp);
  if (!compiled.ok) refuse(`Bad Regexp: ${compiled.error}`);
  for (const [path, text] of interpolatedTexts(Service)) {
    if (/\$\{[^}]*$/.test(text))
      refuse(
        `Bad format '${text}' in ${path}: parse error${isToday ? ` at 1:${text.length + 1}: expected "}" but found end of string` : ": syntax error"}`,
      );
    for (const [, expression = ""] of text.matchAll(INTERPOLATION)) {
      if (VARIABLES.includes(expression) || /^match\(\d+\)$/.test(expression)) continue;
      refuse(`Bad evaluation for '${text}' in ${path}: 1:3: unknown variable accessed: ${expression}`);
    }
  }
}

function* interpolatedTexts(service: PreparedQuery["Service"]): Generator<readonly [string, string]> {
  yield ["Service.Service", service.Service];
  yield ["Service.Near", service.Near];
  for (const [at, tag] of (service.Tags ?? []).entries()) yield [`Service.Tags[${at}]`, tag];
  for (const [at, dc] of (service.Failover.Datacenters ?? []).entries())
    yield [`Service.Failover.Datacenters[${at}]`, dc];
}

function renderTemplate(query: PreparedQuery, asked: string): PreparedQuery {
  const { Template, Service, Name } = query;
  const compiled = compilePattern(Template.Regexp);
  const match = Template.Regexp !== "" && compiled.ok ? compiled.pattern.groups(asked) : undefined;
  const values: Readonly<Record<string, string>> = {
    "name.full": asked,
    "name.prefix": Name,
    "name.suffix": asked.slice(Name.length),
    "agent.segment": "",
  };
  const fill = (text: string): string =>
    text.replace(INTERPOLATION, (_whole, expression: string) => {
      const group = /^match\((\d+)\)$/.exec(expression)?.[1];
      return group === undefined ? (values[expression] ?? "") : (match?.[Number(group)] ?? "");
    });
  const tags = Service.Tags?.map(fill).filter((tag) => !Template.RemoveEmptyTags || tag !== "") ?? null;
  const failover = { ...Service.Failover, Datacenters: Service.Failover.Datacenters?.map(fill) ?? null };
  return {
    ...query,
    Service: { ...Service, Service: fill(Service.Service), Near: fill(Service.Near), Tags: tags, Failover: failover },
  };
}
