import type { LoadPlan } from "./plan.ts";
import type { LoadOperation } from "./mix.ts";
import type { LoadInstance, Population } from "./population.ts";
import type { LoadReply, LoadRequest } from "./transport.ts";

/** An order as it is sent, and what follows from it. */
export interface Order {
  readonly operation: LoadOperation;
  readonly request: LoadRequest;
  /** Where its operation is polled, with the query but without the token; undefined if it is always complete at once. */
  readonly poll: string | undefined;
  /** The platform's knowledge once it has succeeded. */
  succeed(): void;
  /** Ends the lease. */
  end(): void;
}

const OWNER = {
  organization_guid: "6c6f6164-0000-4000-8000-000000000001",
  space_guid: "6c6f6164-0000-4000-8000-000000000002",
} as const;

const nothing = (): void => {};

/** Makes the orders of a load run. */
export class Orders {
  readonly #plan: LoadPlan;
  readonly #population: Population;

  constructor(plan: LoadPlan, population: Population) {
    this.#plan = plan;
    this.#population = population;
  }

  /** Makes an order for an operation; undefined if nothing idle is there for it. */
  make(operation: LoadOperation): Order | undefined {
    if (operation === "catalog") {
      const request = { method: "GET", path: "/v2/catalog" };
      return { operation, request, poll: undefined, succeed: nothing, end: nothing };
    }
    if (operation === "provision") return this.#provision();
    const instance = this.#population.lease(fitsFor(operation));
    return instance && this.makeFor(operation, instance);
  }

  #provision(): Order {
    const instance = this.#population.add();
    const { offer, parameters } = this.#plan;
    let hasSucceeded = false;
    return {
      operation: "provision",
      request: {
        method: "PUT",
        path: `/v2/service_instances/${instance.id}?accepts_incomplete=true`,
        body: {
          ...offer,
          ...OWNER,
          context: {
            platform: "cloudfoundry",
            ...OWNER,
          },
          ...(parameters && { parameters }),
        },
      },
      poll: `/v2/service_instances/${instance.id}/last_operation?${this.#query}`,
      succeed: () => void (hasSucceeded = true),
      // An instance that failed is removed with the others at the end, as the broker may have made half of it.
      end: () => void (instance.isBusy = !hasSucceeded),
    };
  }

  get #query(): string {
    return String(new URLSearchParams(this.#plan.offer));
  }

  /** Makes an order for an instance that its caller has leased. */
  makeFor(operation: Exclude<LoadOperation, "catalog" | "provision">, instance: LoadInstance): Order {
    const path = `/v2/service_instances/${instance.id}`;
    const end = (): void => void (instance.isBusy = false);
    const asynchronous = { poll: `${path}/last_operation?${this.#query}`, end };
    const { offer, parameters } = this.#plan;
    switch (operation) {
      case "fetch":
        return { operation, request: { method: "GET", path }, poll: undefined, succeed: nothing, end };
      case "update": {
        const body = { service_id: offer.service_id, ...(parameters && { parameters }) };
        const request = { method: "PATCH", path: `${path}?accepts_incomplete=true`, body };
        return { operation, request, succeed: nothing, ...asynchronous };
      }
      case "bind":
        return this.#bind(instance, end);
      case "unbind":
        return this.#unbind(instance, end);
      case "deprovision": {
        const request = { method: "DELETE", path: `${path}?accepts_incomplete=true&${this.#query}` };
        return { operation, request, succeed: () => this.#population.remove(instance), ...asynchronous };
      }
    }
  }

  #bind(instance: LoadInstance, end: () => void): Order {
    const id = this.#population.newId();
    const path = `/v2/service_instances/${instance.id}/service_bindings/${id}`;
    const body = { ...this.#plan.offer, bind_resource: { space_guid: OWNER.space_guid } };
    return {
      operation: "bind",
      request: { method: "PUT", path: `${path}?accepts_incomplete=true`, body },
      poll: `${path}/last_operation?${this.#query}`,
      succeed: () => void instance.bindings.push({ id, instance }),
      end,
    };
  }

  #unbind(instance: LoadInstance, end: () => void): Order {
    const id = instance.bindings.at(-1)?.id ?? "";
    const path = `/v2/service_instances/${instance.id}/service_bindings/${id}`;
    return {
      operation: "unbind",
      request: { method: "DELETE", path: `${path}?accepts_incomplete=true&${this.#query}` },
      poll: `${path}/last_operation?${this.#query}`,
      succeed: () => void instance.bindings.pop(),
      end,
    };
  }
}

/** An instance with bindings is never deleted, and an unbind needs an instance with bindings. */
function fitsFor(operation: LoadOperation): (instance: LoadInstance) => boolean {
  if (operation === "unbind") return ({ bindings }) => bindings.length > 0;
  return operation === "deprovision" ? ({ bindings }) => bindings.length === 0 : () => true;
}

const HTTP_OK_END = 300;
const GONE = 410;

const isDeletion = (operation: LoadOperation): boolean => operation === "unbind" || operation === "deprovision";

/** The meaning of a reply: the work is done, it continues, or the class of its failure. */
export function readReply(
  operation: LoadOperation,
  reply: LoadReply,
): { readonly is: "done" | "going on" } | { readonly is: "wrong"; readonly what: string } {
  if (reply.kind === "error") return { is: "wrong", what: reply.what };
  const { status, body } = reply;
  if (status === 202) return { is: "going on" };
  if (status < HTTP_OK_END || (status === GONE && isDeletion(operation))) return { is: "done" };
  return { is: "wrong", what: statusClass(status, body) };
}

/** `HTTP 422 ConcurrencyError`: the status, and the error code if the broker gives one. */
function statusClass(status: number, body: unknown): string {
  const code = typeof body === "object" && body !== null && "error" in body ? body.error : undefined;
  return typeof code === "string" && /^\w{1,40}$/.test(code) ? `HTTP ${status} ${code}` : `HTTP ${status}`;
}

/** The meaning of a poll's reply; undefined while the operation continues. */
export function readPoll(
  operation: LoadOperation,
  reply: LoadReply,
): { readonly is: "done" } | { readonly is: "wrong"; readonly what: string } | undefined {
  if (reply.kind === "error") return undefined;
  const { status, body } = reply;
  if (status === GONE && isDeletion(operation)) return { is: "done" };
  if (status >= HTTP_OK_END)
    return status >= 500 ? undefined : { is: "wrong", what: `poll: ${statusClass(status, body)}` };
  const state = typeof body === "object" && body !== null && "state" in body ? body.state : undefined;
  if (state === "succeeded") return { is: "done" };
  return state === "failed" ? { is: "wrong", what: "the operation failed" } : undefined;
}

/** The token that last_operation asks for, as a part of a query. */
export function tokenOf(reply: LoadReply): string {
  if (reply.kind === "error" || typeof reply.body !== "object" || reply.body === null) return "";
  const token = "operation" in reply.body ? reply.body.operation : undefined;
  return typeof token === "string" ? `&operation=${encodeURIComponent(token)}` : "";
}
