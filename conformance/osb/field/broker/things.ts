import type { JsonObject } from "../../../client/http/json.ts";

/** The requests that change something. */
export type Change = "provision" | "update" | "deprovision" | "bind" | "unbind";

/** Work in progress on a thing. */
export interface Work {
  /** The name by which polls refer to it. */
  readonly id: string;
  readonly change: Change;
  /** The request that began it, to recognise its repetition. */
  readonly text: string;
  /** On the broker's clock, in milliseconds; undefined if polls end it. */
  readonly endsMs: number | undefined;
  pollsLeft: number | undefined;
  readonly fails: boolean;
  readonly apply: () => void;
}

/** A service instance or a binding, as the broker remembers it. */
export interface Thing {
  readonly id: string;
  serviceId: string;
  planId: string;
  /** `{}` if none were given. */
  parameters: JsonObject;
  /** What a binding is for; `{}` for an instance. */
  bindResource: JsonObject;
  state: "being made" | "there" | "failed" | "gone";
  work: Work | undefined;
  /** The work that ended last. */
  ended: { readonly work: Work; readonly state: "succeeded" | "failed" } | undefined;
}

/** A plain table of instances and bindings, by path. Things that are gone stay in it, marked as gone. */
export class Things {
  readonly #byPath = new Map<string, Thing>();
  readonly #instances: Thing[] = [];
  /** Bindings by the path of their instance. */
  readonly #bindings = new Map<string, Thing[]>();

  find(path: string): Thing | undefined {
    return this.#byPath.get(path);
  }

  /** @param path new, or of something that is gone */
  put(path: string, thing: Thing): void {
    this.#byPath.set(path, thing);
    const [root, kind, id, ...rest] = path.split("/");
    const siblings = rest.length === 0 ? this.#instances : listIn(this.#bindings, [root, kind, id].join("/"));
    siblings.push(thing);
  }

  /** The bindings of an instance, by its path. */
  under(path: string): readonly Thing[] {
    return this.#bindings.get(path) ?? [];
  }

  /** How many instances exist, or will exist. */
  countInstances(): number {
    return this.#instances.filter(({ state }) => state === "there" || state === "being made").length;
  }

  /** Ends the work whose time is up. */
  settle(nowMs: number): void {
    for (const thing of this.#byPath.values()) {
      const { work } = thing;
      if (work?.endsMs !== undefined && work.endsMs <= nowMs) end(thing, work);
    }
  }
}

function listIn(lists: Map<string, Thing[]>, key: string): Thing[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

/** Ends the work on a thing, in the way that was planned. */
export function end(thing: Thing, work: Work): void {
  thing.work = undefined;
  thing.ended = { work, state: work.fails ? "failed" : "succeeded" };
  if (!work.fails) work.apply();
  else if (thing.state === "being made") thing.state = "failed";
}
