import { type Fields, isHash, optionalField } from "../configs/fields.ts";
import { rubyClass } from "../templates/ruby.ts";
import { DirectorError } from "../wire/errors.ts";

/** In the order in which they are checked. */
const SWITCHES = [
  "use_dns_addresses",
  "use_link_dns_names",
  "use_short_dns_addresses",
  "randomize_az_placement",
  "converge_variables",
  "use_tmpfs_config",
];

/** The `features` of a manifest (deployment_features_parser.rb in bosh-director). @throws DirectorError 210001, 560001 */
export function readFeatures(fields: Fields): Fields {
  const given = optionalField(fields, "features", "hash") ?? {};
  for (const name of SWITCHES)
    if (Object.hasOwn(given, name) && typeof given[name] !== "boolean")
      throw new DirectorError(
        560001,
        `Key '${name}' in 'features' expected to be a boolean, but received '${rubyClass(given[name])}'`,
      );
  for (const name of ["use_short_dns_addresses", "use_dns_addresses"])
    if (given.use_link_dns_names === true && given[name] === false)
      throw new DirectorError(210001, `cannot enable \`use_link_dns_names\` when \`${name}\` is explicitly disabled`);
  return given;
}

/** The `use_tmpfs_config` of the features; undefined if they have none. */
export const tmpfsOf = ({ use_tmpfs_config: given }: Fields): boolean | undefined =>
  typeof given === "boolean" ? given : undefined;

/** The env of a group, with that choice unless the group makes its own. */
export function withTmpfs(env: Fields, tmpfs: boolean | undefined): Fields {
  if (tmpfs === undefined) return env;
  const bosh = asHash(env.bosh);
  const agent = asHash(bosh.agent);
  return {
    ...env,
    bosh: {
      ...bosh,
      job_dir: { tmpfs, ...asHash(bosh.job_dir) },
      agent: { ...agent, settings: { tmpfs, ...asHash(agent.settings) } },
    },
  };
}

const asHash = (value: unknown): Fields => (isHash(value) ? value : {});
