import type { Stemcell } from "../state/artifacts.ts";
import type { Director } from "../state/director.ts";
import { inspect } from "../templates/ruby.ts";
import { DirectorError, UNCLASSED } from "../wire/errors.ts";
import { type Fields, optionalField, requireField } from "./fields.ts";
import { contentsOf, latestConfigs } from "./latest.ts";

/*
 * CPI configs (cpi_config/*.rb, cloud_factory.rb, az_cloud_factory.rb in bosh-director). All CPIs that they
 * name work on the world's single IaaS; a stemcell is uploaded once for each.
 */

/** A CPI by its name, with its former names. */
interface NamedCpi {
  readonly name: string;
  readonly aliases: readonly string[];
}

/** @throws DirectorError 40000, 40001, 550000 */
export function readCpis(content: Fields): readonly NamedCpi[] {
  const cpis = requireField(content, "cpis", "array").map(readCpi);
  const names = cpis.flatMap(({ name, aliases }) => [...aliases, name]);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new DirectorError(550000, `Duplicate cpi name '${twice}'`);
  return cpis;
}

function readCpi(fields: unknown): NamedCpi {
  const name = requireField(fields, "name", "string");
  requireField(fields, "type", "string");
  optionalField(fields, "exec_path", "string");
  const migrated = optionalField(fields, "migrated_from", "array") ?? [];
  const aliases = migrated.map((each) => requireField(each, "name", "string"));
  optionalField(fields, "properties", "hash");
  return { name, aliases };
}

/** The CPIs that the configs name; undefined if there is no config. @throws DirectorError 40000, 40001, 550000 */
function configuredCpis(director: Director): readonly NamedCpi[] | undefined {
  const ids = latestConfigs(director, "cpi").map(({ id }) => id);
  if (ids.length === 0) return undefined;
  return readCpis({ cpis: contentsOf(director, ids).flatMap((content) => requireField(content, "cpis", "array")) });
}

/** The names of all CPIs; that of the director's own is empty. @throws DirectorError 40000, 40001, 550000 */
export const cpiNames = (director: Director): readonly string[] =>
  configuredCpis(director)?.map(({ name }) => name) ?? [""];

/**
 * The stemcell as the CPI of an availability zone has it.
 *
 * @param zoneCpi the CPI that the cloud config names for the zone
 * @throws DirectorError 550001, 50003, or 100 for an unknown CPI
 */
export function stemcellInZone(
  director: Director,
  stemcell: Stemcell,
  az: string,
  zoneCpi: string | undefined,
): Stemcell {
  const cpis = configuredCpis(director);
  const name = az === "" ? "" : (zoneCpi ?? "");
  if (cpis !== undefined && az !== "" && name === "")
    throw new DirectorError(550001, `AZ '${az}' must specify a CPI when CPI config is defined.`);
  const models = director.slot.value.stemcells.filter(
    (each) => each.name === stemcell.name && each.version === stemcell.version,
  );
  const missing = (where: string): DirectorError =>
    new DirectorError(
      50003,
      `Required stemcell ${inspect({ name: stemcell.name, version: stemcell.version })} not found for ${where}, please upload again`,
    );
  if (cpis === undefined || az === "") {
    const own = models.find(({ cpi }) => cpi === "");
    if (own === undefined) throw missing("default cpi");
    return own;
  }
  const cpi = cpis.find((each) => each.name === name || each.aliases.includes(name));
  if (cpi === undefined) throw new DirectorError(UNCLASSED, `CPI '${name}' not found in cpi-config`);
  const found = [name, ...cpi.aliases].map((alias) => models.find((each) => each.cpi === alias)).find(Boolean);
  if (found === undefined) throw missing(`cpi ${name}`);
  return found;
}
