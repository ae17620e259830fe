import { certify } from "../../runner/certify.ts";
import type { CertifyOptions } from "../../runner/options.ts";
import type { CheckResult } from "../../runner/summary.ts";
import type { Clock } from "../../client/clock.ts";
import type { AnySuite } from "../../runner/suite.ts";
import type { MutantSet, MutantInfo } from "../../runner/mutant-set.ts";
import { createToyBroker, type ToyBrokerOptions } from "./broker.ts";
import type { Behaviour } from "./behaviour.ts";
import { ToyCloud } from "./cloud.ts";
import { toyBackend } from "./hooks.ts";
import { asFetch, type Handler, type WireRequest, type WireResponse } from "../../osb/memory-broker/http.ts";

/** A cloud with one defect: one changed behaviour. */
export interface DataMutant extends MutantInfo {
  readonly changes: Partial<Behaviour>;
  /** A change to requests on their way. */
  readonly wire?: Wire;
  /** The scheme of the URIs in its bindings. Default: PostgreSQL's. */
  readonly scheme?: string;
}

/** A cloud with one defect. `expected` names the checks that must notice it, `also` those that may, because of what the description says. */
export function dataMutant(
  expected: string | readonly string[],
  id: string,
  description: string,
  changes: Partial<Behaviour>,
  also: readonly string[] = [],
  wire?: Wire,
): DataMutant {
  const named = typeof expected === "string" ? [expected] : expected;
  return { id, description, expected: named, also, changes, ...(wire && { wire }) };
}

/** A change to a request on its way to the broker of a cloud. */
export type Wire = (request: WireRequest, next: Handler, cloud: ToyCloud) => Promise<WireResponse>;

/** A clock that advances only while somebody waits. */
function idleClock(): Clock {
  let nowMs = Date.UTC(2026, 0, 1);
  return {
    nowMs: () => nowMs,
    sleepMs: async (ms) => {
      nowMs += ms;
    },
  };
}

function countedIds(): () => string {
  let count = 0;
  return () => `00000000-0000-4000-8000-${(++count).toString(16).padStart(12, "0")}`;
}

/** The identity of a toy cloud's platform. */
const LOGIN = { username: "platform", password: "of-the-platform" };

/** The drydock.yml of a toy cloud. */
const FILE = `
figures: { rpo: 1.5, rto: 5, stall: 0.3, amplification: 3 }
data: { dangerous: [IS-42, IS-52], registry: https://registry.toy.test }
`;

/** How a run reaches the broker and the databases of a toy cloud. */
export function toyOptions(
  cloud: ToyCloud,
  options: ToyBrokerOptions = {},
  wire: Wire = (request, next) => next(request),
): Omit<CertifyOptions, "suites"> {
  const broker = createToyBroker(cloud, options);
  const clock = idleClock();
  const answer = asFetch((request) => wire(request, broker, cloud));
  cloud.nowMs = () => clock.nowMs();
  cloud.passMs = (ms) => void clock.sleepMs(ms);
  cloud.login = `Basic ${Buffer.from(Object.values(LOGIN).join(":")).toString("base64")}`;
  return {
    url: "https://toy.test",
    ...LOGIN,
    profile: "osb-2.17",
    file: FILE,
    fetch: async (url, init) => {
      if (url.startsWith("http:") && !cloud.does.speaksPlain) throw new Error("connect ECONNREFUSED");
      return answer(url, init);
    },
    data: cloud.plane(),
    backend: toyBackend(cloud, clock),
    clock,
    newId: countedIds(),
  };
}

const onlyOf = (only: readonly string[] | undefined): Pick<CertifyOptions, "only"> =>
  only === undefined ? {} : { only };

const CLEAN = { changes: {} } as const;
const KEEPING: { changes: Partial<Behaviour> } = { changes: { onDeprovision: ({ id }, { vault }) => vault.keep(id) } };

/** The schemes of the engines other than PostgreSQL. */
const SCHEMES = ["redis", "mongodb", "mysql", "amqp", "elasticsearch"] as const;

/**
 * The proof of a suite of data: clean clouds of each engine, and one cloud for each defect. Checks run one
 * after the other, so that a defect that affects a neighbour affects no other check's instance.
 */
export function toyMutantSet(suite: AnySuite, mutants: readonly DataMutant[]): MutantSet {
  const judge = async (
    { changes, wire, scheme }: Pick<DataMutant, "changes" | "wire" | "scheme">,
    given: ToyBrokerOptions,
    only?: readonly string[],
  ): Promise<readonly CheckResult[]> => {
    const options = { ...given, ...(scheme !== undefined && { scheme }) };
    const toy = toyOptions(new ToyCloud(changes), options, wire);
    return (await certify({ ...toy, ...onlyOf(only), suites: [suite], jobs: 1 })).results;
  };
  return {
    suite: suite.name,
    checks: suite.checks,
    mutants: mutants.map(({ id, description, expected, also }) => ({ id, description, expected, also })),
    cleanRuns: [
      { name: "a sound cloud", run: () => judge(CLEAN, {}) },
      { name: "a sound cloud that keeps backups", run: () => judge(KEEPING, {}) },
      ...SCHEMES.map((scheme) => ({
        name: `a sound cloud of ${scheme}`,
        run: () => judge({ ...CLEAN, scheme }, {}),
      })),
    ],
    run(mutantId, only) {
      const mutant = mutants.find(({ id }) => id === mutantId);
      if (mutantId !== undefined && mutant === undefined) throw new Error(`no mutant ${mutantId}`);
      return judge(mutant ?? CLEAN, {}, only);
    },
  };
}
