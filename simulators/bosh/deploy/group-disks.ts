import type { CloudConfig } from "../configs/cloud-config.ts";
import { asFields, indexField, optionalField } from "../configs/fields.ts";
import { isTruthy, toRubyText } from "../templates/ruby.ts";
import { DirectorError } from "../wire/errors.ts";
import type { InstanceGroup } from "./manifest.ts";

type Disks = Pick<InstanceGroup, "diskMb" | "diskType" | "disks">;

/** The persistent disks of a group (`parse_disks` in bosh-director's instance_group_spec_parser.rb). @throws DirectorError 140012, 140013, 140027 */
export function readDisks(fields: unknown, group: string, { diskTypes }: CloudConfig): Disks {
  const size = optionalField(fields, "persistent_disk", "integer");
  const type = optionalField(fields, "persistent_disk_type", "string");
  const pool = optionalField(fields, "persistent_disk_pool", "string");
  const several = optionalField(fields, "persistent_disks", "array");
  const refuse = (text: string): DirectorError => new DirectorError(140013, `Instance group '${group}' ${text}`);
  if (pool !== undefined)
    throw new DirectorError(
      140027,
      "`persistent_disk_pool` is not supported as an `instance_groups` key. Please use `persistent_disk_type` instead.",
    );
  if ([size, type, several].filter((each) => each !== undefined).length > 1)
    throw refuse(
      "specifies more than one of the following keys: 'persistent_disk', 'persistent_disk_type', and 'persistent_disks'. Choose one.",
    );
  if (size !== undefined && size < 0) throw refuse(`references an invalid persistent disk size '${size}'`);
  if (type !== undefined && !diskTypes.has(type))
    throw new DirectorError(140012, `Instance group '${group}' references an unknown disk type '${type}'`);
  return { diskMb: size ?? 0, diskType: type, disks: readSeveral(several ?? [], group, { diskTypes }) };
}

/** @throws DirectorError 140012, 140013; 100 in Ruby's words */
function readSeveral(
  specs: readonly unknown[],
  group: string,
  { diskTypes }: Pick<CloudConfig, "diskTypes">,
): Disks["disks"] {
  for (const spec of specs) indexField(spec, "name");
  const names = specs.map((spec) => asFields(spec).name ?? null);
  if (new Set(names).size !== names.length)
    throw new DirectorError(140013, `Instance group '${group}' persistent_disks's section contains duplicate names`);
  return specs.map(asFields).map((spec) => {
    const type = toRubyText(spec.type);
    if (!diskTypes.has(type))
      throw new DirectorError(
        140012,
        `Instance group '${group}' persistent_disks's section references an unknown disk type '${type}'`,
      );
    if (isBlank(spec.name))
      throw new DirectorError(
        140013,
        `Instance group '${group}' persistent_disks's section contains a disk with no name`,
      );
    return { name: toRubyText(spec.name), type };
  });
}

/** Whether Ruby on Rails calls it blank. */
const isBlank = (value: unknown): boolean =>
  !isTruthy(value) ||
  (typeof value === "string" && value.trim() === "") ||
  (typeof value === "object" && value !== null && Object.keys(value).length === 0);
