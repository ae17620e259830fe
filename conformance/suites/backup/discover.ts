import { type Json, type JsonObject, isArray, isObject, stringOf } from "../../client/http/json.ts";
import type { Offer } from "../../client/catalog.ts";
import type { OsbClient } from "../../client/osb-client.ts";
import { type Evidence, notApplicable, type Outcome, unknown } from "../../runner/check.ts";
import type { RunContext } from "../../runner/suite.ts";
import type { BackupClaim } from "../../settings/backup-words.ts";
import { BackupClient } from "./client.ts";
import { extensionAt, KNOWN_DRIVERS } from "./drivers.ts";
import { type BackupInterface, interfaceFor } from "./interface.ts";

type Discovery = { readonly api: BackupInterface } | { readonly api?: undefined; readonly outcome: Outcome };

function extensionsIn(holder: Json | undefined): readonly Json[] {
  if (!isObject(holder)) return [];
  const own = isArray(holder["extensions"]) ? holder["extensions"] : [];
  return [...own, ...extensionsIn(holder["metadata"])];
}

const CLAIMS: readonly BackupClaim[] = ["B1", "B2", "B3", "B4", "B5"];

/** The claims of an extension, as its member `claims` lists them. */
function claimsIn({ claims }: JsonObject): readonly BackupClaim[] | undefined {
  return isArray(claims) ? CLAIMS.filter((claim) => claims.includes(claim)) : undefined;
}

/** The backup extensions that a plan or its offering declares. */
function declaredInterfaces({ plan, service }: Offer): readonly BackupInterface[] {
  const declared = [...extensionsIn(plan.raw), ...extensionsIn(service.raw)].filter(isObject);
  return declared.flatMap((extension) => {
    const path = stringOf(extension["path"]) ?? "";
    const isBackup = /backup/i.test(`${stringOf(extension["id"]) ?? ""} ${path}`);
    if (!isBackup || path === "") return [];
    return [extensionAt(`/${path.replaceAll(/^\/+|\/+$/g, "")}`, claimsIn(extension))];
  });
}

function candidates(run: RunContext, offer: Offer): readonly BackupInterface[] {
  if (run.file.backup !== undefined) return [interfaceFor(run.file.backup)];
  const all = [...declaredInterfaces(offer), ...KNOWN_DRIVERS];
  return all.filter((api, at) => all.findIndex((each) => each.list?.path === api.list?.path) === at);
}

/** Runs that have the note already, because two suites of one run may both look. */
const announced = new WeakSet<RunContext>();

function announce(run: RunContext, { name, claims = ["B1"], ...api }: BackupInterface): void {
  if (announced.has(run)) return;
  announced.add(run);
  const shown = [api.create, api.restore].flatMap((each) =>
    each === undefined ? [] : [`${each.method} ${each.path}`],
  );
  const self = api.program === undefined ? "" : " Adapted by the vendor's own program.";
  run.note(`Backups are reached as "${name}": ${shown.join(", ")}. Claimed: ${claims.join(", ")}.${self}`);
}

/** Detects the interface of a vendor's backups by requesting the list of an existing instance. */
export async function discover(
  platform: OsbClient,
  run: RunContext,
  offer: Offer,
  instanceId: string,
): Promise<Discovery> {
  const evidence: Evidence[] = [];
  const seen: string[] = [];
  for (const api of candidates(run, offer)) {
    const client = new BackupClient(platform, api);
    // If nothing can be listed, the declaration is believed.
    if (!client.can("list") && run.file.backup !== undefined) {
      announce(run, api);
      return { api };
    }
    const answer = await client.ask("list", { instance: instanceId });
    if (client.entriesOf(answer) !== undefined) {
      announce(run, api);
      return { api };
    }
    evidence.push(answer);
    seen.push(`${api.name} ${answer.status}`);
  }
  const reason = `no interface for backups answers with a list (${seen.join(", ")})`;
  const isClaimed = run.file.backup !== undefined;
  return { outcome: (isClaimed ? unknown : notApplicable)(reason, ...evidence) };
}
