import { readCatalog, type Service } from "../client/catalog.ts";
import { Ledger } from "../client/ledger.ts";
import { OsbClient } from "../client/osb-client.ts";
import type { TargetOptions } from "../client/target.ts";
import { EMPTY_FILE } from "../settings/file.ts";
import { firstContact } from "./first-contact.ts";
import { clientSettingsFor } from "./options.ts";

/** Reads what a broker offers, with the requests that begin a run. @throws TargetError if it can't be read */
export async function readServices(target: TargetOptions): Promise<readonly Service[]> {
  const { settings, dispose } = clientSettingsFor({ ...target, suites: [] }, EMPTY_FILE);
  try {
    const speak = (minor: typeof settings.minor) => new OsbClient({ ...settings, minor }, new Ledger());
    const { catalog } = await firstContact(speak, undefined);
    return readCatalog(catalog.json);
  } finally {
    dispose();
  }
}
