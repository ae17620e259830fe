import type { Mutant } from "../../conformance/osb/mutants/mutant.ts";
import type { Handler } from "../../conformance/osb/memory-broker/http.ts";
import type { CheckResult } from "../../conformance/index.ts";
import { hasNoticed, isListed } from "../../conformance/selftest/selftest.ts";
import { certifyBroker, runMutant, type BrokerUnderTest } from "../../conformance/selftest/broker-under-test.ts";
import { createWorld } from "../../simulators/world.ts";
import { inception } from "../story/inception.ts";
import { referenceBackend } from "../cloud/backend.ts";
import { Brokers } from "../cloud/brokers.ts";
import type { Environment } from "../../simulators/environment.ts";

/** Turns a broker behind a `fetch` into the handler that a mutant wraps. */
function handlerOf(environment: Environment, url: string): Handler {
  return async ({ method, path, query, headers, text }) => {
    const search = new URLSearchParams(query).toString();
    const to = `${url}/${path.map(encodeURIComponent).join("/")}${search === "" ? "" : `?${search}`}`;
    const response = await environment.fetch(to, { method, headers, ...(text === "" ? {} : { body: text }) });
    return { status: response.status, headers: Object.fromEntries(response.headers), text: await response.text() };
  };
}

/**
 * Prepares the reference broker for PostgreSQL in a world of its own, on virtual time: the second kind of broker on which the checks of the OSB
 * suite are proven. It is asynchronous, keeps its state in SQL, and deploys each instance.
 */
export async function prepareReferenceBroker(seed: number): Promise<BrokerUnderTest> {
  const world = createWorld({ seed, scramIterations: 1 });
  const brokers = new Brokers(world);
  await world.run(() => inception(world, { services: ["postgresql"] }));
  const [broker] = brokers.list();
  if (broker === undefined) throw new Error("the platform came up without a broker");
  const environment = world.environmentAt(world.plan.applications);
  const ids = world.secretsOf("conformance");
  let passedMs = 0;
  return {
    handle: handlerOf(environment, broker.url),
    backend: referenceBackend(world, "postgresql"),
    username: broker.username,
    password: broker.password,
    clock: { nowMs: () => environment.nowMs() + passedMs, sleepMs: (ms) => environment.sleepMs(ms) },
    newId: () => ids.uuid(),
    passMs: (ms) => void (passedMs += ms),
    run: (work) => world.run(work),
  };
}

/** The result for a mutant in front of a broker for which it was not written. */
export type Fate =
  /** The clean broker offers nothing that the mutant's checks could judge. */
  | { readonly kind: "not-offered" }
  /** The broker gives the defect no occasion to show. */
  | { readonly kind: "no-occasion" }
  | { readonly kind: "killed"; readonly over: readonly string[] }
  | { readonly kind: "missed"; readonly checks: readonly string[]; readonly over: readonly string[] };

/** Mutants that are not a defect in front of this broker, and why. */
const NO_DEFECT: Readonly<Record<string, string>> = {
  "not-schemas-binding-only-if-bindable": "the plan that gets the schema is bindable",
  "not-rotation-old-binding-stays-valid": "the broker refuses to remove a binding while its rotation is in progress",
};

/** Runs mutants in front of one broker. */
export class Campaign {
  readonly #broker: BrokerUnderTest;
  readonly #clean = new Map<number, Promise<readonly CheckResult[]>>();

  constructor(broker: BrokerUnderTest) {
    this.#broker = broker;
  }

  /** The clean broker's results, for the version of the API against which a mutant is tested. */
  clean({ minor }: Pick<Mutant, "minor">): Promise<readonly CheckResult[]> {
    const known = this.#clean.get(minor) ?? certifyBroker(this.#broker, { minor });
    this.#clean.set(minor, known);
    return known;
  }

  /** Runs the checks that a mutant names, or with `isWhole` the whole suite, which also reveals checks that notice what is not theirs to judge. */
  async fateOf(mutant: Mutant, isWhole: boolean): Promise<Fate> {
    const clean = await this.clean(mutant);
    const judging = clean.filter(({ verdict }) => verdict === "pass").map(({ check }) => check.id);
    const named = mutant.expected.filter((check) => judging.includes(check));
    if (named.length === 0) return { kind: "not-offered" };
    const { results, hasActed } = await runMutant(this.#broker, mutant, isWhole ? undefined : named);
    const killedBy = results.filter(hasNoticed).map(({ check }) => check.id);
    const over = killedBy.filter((check) => !mutant.expected.includes(check) && !isListed(mutant.also, check));
    const checks = named.filter((check) => !killedBy.includes(check));
    if (checks.length === 0) return { kind: "killed", over };
    if (over.length === 0 && mutant.id in NO_DEFECT) return { kind: "no-occasion" };
    return hasActed || over.length > 0 ? { kind: "missed", checks, over } : { kind: "no-occasion" };
  }
}
