import { NEWEST_MINOR, SPEC_MINORS, type SpecMinor } from "../client/spec-version.ts";
import { learnVersion } from "./learn-version.ts";
import type { Answer } from "../client/answer.ts";
import { type OsbClient } from "../client/osb-client.ts";
import { NoAnswer } from "../client/no-answer.ts";
import { isArray, isObject } from "../client/http/json.ts";
import type { TransportFault } from "../client/http/transport.ts";
import { TargetError, type TargetErrorCode } from "../client/errors/target-error.ts";

const CODE_OF: Readonly<Partial<Record<TransportFault, TargetErrorCode>>> = {
  refused: "unreachable",
  unresolved: "unreachable",
  reset: "unreachable",
  protocol: "unreachable",
  tls: "tls",
  timeout: "no-answer",
  throttled: "no-answer",
  "too-large": "too-large",
};

async function fetchCatalog(platform: OsbClient): Promise<Answer> {
  return platform.send("catalog").catch((error: unknown) => {
    if (!(error instanceof NoAnswer)) throw error;
    if (error.fault === "aborted") throw error;
    throw new TargetError(CODE_OF[error.fault] ?? "unreachable", error.message, { cause: error });
  });
}

/** Whether a broker refuses a client's version (412): some do so for the catalog, some for everything except the catalog. */
async function isRefused(client: OsbClient): Promise<boolean> {
  if ((await fetchCatalog(client)).status === 412) return true;
  const poll = await client.send("poll-instance", { instanceId: client.newId() }).catch((error: unknown) => {
    if (error instanceof NoAnswer && error.fault !== "aborted") return undefined;
    throw error;
  });
  return poll?.status === 412;
}

/** The first of several clients, each with its own version, whose version the broker does not refuse. */
async function firstServed(first: OsbClient, others: readonly OsbClient[]): Promise<OsbClient> {
  for (const client of [first, ...others]) if (!(await isRefused(client))) return client;
  return first;
}

/**
 * Fetches the catalog as the first contact with a target. Throws a TargetError with one clear line when what answers is not
 * a service broker that can be tested.
 */
async function requireCatalog(platform: OsbClient): Promise<Answer> {
  const catalog = await fetchCatalog(platform);
  const seen = `GET ${platform.settings.target.url}/v2/catalog answers ${catalog.status}`;
  if (catalog.status >= 300 && catalog.status < 400) throw new TargetError("redirected", seen);
  if (catalog.status === 401 || catalog.status === 403) throw new TargetError("unauthorized", seen);
  if (catalog.status === 412) throw new TargetError("version-refused", `${seen} for 2.${platform.settings.minor}`);
  if (catalog.status < 200 || catalog.status >= 300) throw new TargetError("no-catalog", seen);
  if (catalog.json === undefined)
    throw new TargetError("not-json", `${seen}, but ${catalog.problem ?? "without JSON"}`);
  if (!isObject(catalog.json) || !isArray(catalog.json["services"])) throw new TargetError("not-a-catalog", seen);
  return catalog;
}

/** What the first requests to a target brought. */
interface FirstContact {
  readonly catalog: Answer;
  /** The version that the run judges by. */
  readonly minor: SpecMinor;
  /** The newest version for which the broker shows that it was written, or the chosen one. */
  readonly evident: SpecMinor;
  /** Which version that is, and why, in a sentence or two. */
  readonly reason: string;
}

/**
 * Fetches the catalog in the chosen version, or else in the newest that the broker does not refuse. @throws TargetError if what answers can't be tested
 */
export async function firstContact(
  speaking: (minor: SpecMinor) => OsbClient,
  chosen: SpecMinor | undefined,
): Promise<FirstContact> {
  if (chosen !== undefined) {
    const catalog = await requireCatalog(speaking(chosen));
    return { catalog, minor: chosen, evident: chosen, reason: `Judged as 2.${chosen}, the chosen version.` };
  }
  const [newest = NEWEST_MINOR, ...older] = SPEC_MINORS.toReversed();
  const scout = await firstServed(speaking(newest), older.map(speaking));
  const catalog = await requireCatalog(scout);
  const { minor } = scout.settings;
  return { catalog, minor, ...learnVersion(minor, catalog, minor < newest) };
}
