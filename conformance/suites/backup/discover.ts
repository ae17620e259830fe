import { type Json, isArray, isObject, stringOf } from "../../client/http/json.ts";
import type { Offer } from "../../client/catalog.ts";
import type { OsbClient } from "../../client/osb-client.ts";
import { type Evidence, notApplicable, type Outcome, unknown } from "../../runner/check.ts";
import type { RunContext } from "../../runner/suite.ts";
import { BackupClient } from "./client.ts";
import { type BackupInterface, DRIVERS, extensionAt, interfaceFor } from "./interface.ts";

type Discovery = { readonly api: BackupInterface } | { readonly api?: undefined; readonly outcome: Outcome };

function extensionsIn(holder: Json | undefined): readonly Json[] {
  if (!isObject(holder)) return [];
  const own = isArray(holder["extensions"]) ? holder["extensions"] : [];
  return [...own, ...extensionsIn(holder["metadata"])];
}

/** The paths of the backup extensions that a plan or its offering declares. */
function declaredPaths({ plan, service }: Offer): readonly string[] {
  const declared = [...extensionsIn(plan.raw), ...extensionsIn(service.raw)].filter(isObject);
  return declared.flatMap((extension) => {
    const path = stringOf(extension["path"]) ?? "";
    const isBackup = /backup/i.test(`${stringOf(extension["id"]) ?? ""} ${path}`);
    return isBackup && path !== "" ? [`/${path.replaceAll(/^\/+|\/+$/g, "")}`] : [];
  });
}

function candidates(run: RunContext, offer: Offer): readonly BackupInterface[] {
  if (run.file.backup !== undefined) return [interfaceFor(run.file.backup)];
  const all = [...declaredPaths(offer).map(extensionAt), ...Object.values(DRIVERS)];
  return all.filter((api, at) => all.findIndex((each) => each.list.path === api.list.path) === at);
}

/** Runs that have the note: two suites of one run may both look. */
const announced = new WeakSet<RunContext>();

function announce(run: RunContext, { name, create, restore }: BackupInterface): void {
  if (announced.has(run)) return;
  announced.add(run);
  const note = `Backups are reached as "${name}": ${create.method} ${create.path}, ${restore.method} ${restore.path}.`;
  run.note(note);
}

/** Looks for the interface of a vendor's backups by asking for the list of an instance that exists. */
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
    const answer = await client.send(api.list, { instance: instanceId });
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
