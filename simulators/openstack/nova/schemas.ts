import type { Schema } from "../schema/index.ts";

/*
 * Bodies of requests about servers, by microversion. The order of members decides which failure is told first.
 */

const UUID = "^[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$";
const IPV4 = "^(?:(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)(?:\\.(?!$)|$)){4}$";
const IPV6 = "^[0-9a-fA-F:]*:[0-9a-fA-F:.]*$";

export const NAME: Schema = { type: "string", minLength: 1, maxLength: 255, format: "name" };
export const TEXT: Schema = { type: "string", minLength: 1, maxLength: 255 };
const POSITIVE: Schema = { type: ["integer", "string"], pattern: "^[0-9]*$", minimum: 1, minLength: 1 };
export const BOOLEAN_WORDS = ["0", "1", "f", "false", "n", "no", "off", "on", "t", "true", "y", "yes"];
const BOOLEAN: Schema = {
  type: ["boolean", "string"],
  enum: [
    true,
    "True",
    "TRUE",
    "true",
    "1",
    "ON",
    "On",
    "on",
    "YES",
    "Yes",
    "yes",
    "y",
    "t",
    false,
    "False",
    "FALSE",
    "false",
    "0",
    "OFF",
    "Off",
    "off",
    "NO",
    "No",
    "no",
    "n",
    "f",
  ],
};
export const METADATA: Schema = {
  type: "object",
  patternProperties: { "^[a-zA-Z0-9-_:. ]{1,255}$": { type: "string", maxLength: 255 } },
  additionalProperties: false,
};
export const TAG: Schema = { type: "string", minLength: 1, maxLength: 60, pattern: "^[^,/]*$" };
export const TAGS: Schema = { type: "array", items: TAG, maxItems: 50 };
const FLAVOR_REF: Schema = { type: ["string", "integer"], minLength: 1 };
const DISK_CONFIG: Schema = { type: "string", enum: ["AUTO", "MANUAL"] };
const PASSWORD: Schema = { type: "string" };
const ADDRESSES = {
  accessIPv4: { type: "string", format: "ipv4" },
  accessIPv6: { type: "string", format: "ipv6" },
} as const;
const DESCRIPTION: Schema = { type: ["string", "null"], minLength: 0, maxLength: 255 };

const IMAGE_REF: Schema = {
  oneOf: [
    { type: "string", pattern: UUID },
    { type: "string", maxLength: 0 },
  ],
};

const network = (version: number): Schema => ({
  type: "object",
  properties: {
    fixed_ip: {
      type: "string",
      oneOf: [
        { type: "string", pattern: IPV4 },
        { type: "string", pattern: IPV6 },
      ],
    },
    port: { oneOf: [{ type: "string", pattern: UUID }, { type: "null" }] },
    uuid: { type: "string" },
    ...((version === 32 || version >= 42) && { tag: TAG }),
  },
  additionalProperties: false,
});

const BLOCK_DEVICE: Schema = {
  type: "object",
  properties: {
    source_type: { type: "string", enum: ["volume", "image", "snapshot", "blank"] },
    uuid: { type: "string", minLength: 1, maxLength: 255 },
    image_id: { type: "string", format: "uuid" },
    destination_type: { type: "string", enum: ["volume", "local"] },
    boot_index: { type: ["integer", "string", "null"], pattern: "^-?[0-9]+$" },
    volume_size: { type: ["integer", "string"], pattern: "^[0-9]+$", minimum: 1, minLength: 1 },
    delete_on_termination: BOOLEAN,
    device_name: { type: "string", minLength: 1, maxLength: 255, pattern: "^[a-zA-Z0-9._-r/]*$" },
    guest_format: { type: "string", maxLength: 255 },
    disk_bus: { type: "string" },
    device_type: { type: "string" },
    no_device: {},
    tag: TAG,
    volume_type: { type: ["string", "null"], minLength: 0, maxLength: 255 },
  },
  additionalProperties: false,
};

const HINTS: Schema = {
  type: "object",
  properties: {
    group: { type: "string", format: "uuid" },
    different_host: {},
    same_host: {},
    query: {},
    target_cell: { type: "string", minLength: 1, maxLength: 255 },
    different_cell: {},
    build_near_host_ip: { type: "string" },
    cidr: { type: "string" },
  },
  additionalProperties: true,
};

const since = (version: number, from: number, properties: Readonly<Record<string, Schema>>): object =>
  version >= from ? properties : {};

export function createSchema(version: number): Schema {
  const networks: Schema =
    version >= 37
      ? {
          oneOf: [
            { type: "array", items: network(version) },
            { type: "string", enum: ["none", "auto"] },
          ],
        }
      : { type: "array", items: network(version) };
  const properties: Record<string, Schema> = {
    name: NAME,
    imageRef: IMAGE_REF,
    flavorRef: FLAVOR_REF,
    adminPass: PASSWORD,
    metadata: METADATA,
    networks,
    "OS-DCF:diskConfig": DISK_CONFIG,
    ...ADDRESSES,
    availability_zone: { type: "string", minLength: 1, maxLength: 255 },
    block_device_mapping: { type: "array", items: { type: "object" } },
    block_device_mapping_v2: { type: "array", items: BLOCK_DEVICE },
    config_drive: BOOLEAN,
    key_name: { type: "string", minLength: 1, maxLength: 255 },
    min_count: POSITIVE,
    max_count: POSITIVE,
    return_reservation_id: BOOLEAN,
    security_groups: {
      type: "array",
      items: { type: "object", properties: { name: TEXT }, additionalProperties: false },
    },
    user_data: { type: "string", format: "base64", maxLength: 65535 },
    ...(version < 57 && { personality: { type: "array", items: { type: "object" } } }),
    ...since(version, 19, { description: DESCRIPTION }),
    ...since(version, 52, { tags: TAGS }),
    ...since(version, 63, { trusted_image_certificates: { type: ["array", "null"], maxItems: 50 } }),
    ...since(version, 74, { host: TEXT, hypervisor_hostname: TEXT }),
    ...since(version, 90, {
      hostname: { type: "string", minLength: 2, maxLength: 63, pattern: "^[a-zA-Z0-9]+[a-zA-Z0-9-]*[a-zA-Z0-9]+$" },
    }),
  };
  const required = version >= 37 ? ["name", "flavorRef", "networks"] : ["name", "flavorRef"];
  return {
    type: "object",
    properties: {
      server: { type: "object", properties, required, additionalProperties: false },
      "os:scheduler_hints": HINTS,
      "OS-SCH-HNT:scheduler_hints": HINTS,
    },
    required: ["server"],
    additionalProperties: false,
  };
}

const only = (name: string, schema: Schema): Schema => ({
  type: "object",
  properties: { [name]: schema },
  required: [name],
  additionalProperties: false,
});

const object = (properties: Readonly<Record<string, Schema>>, required: readonly string[] = []): Schema => ({
  type: "object",
  properties,
  ...(required.length > 0 && { required }),
  additionalProperties: false,
});

export const updateSchema = (version: number): Schema =>
  only(
    "server",
    object({
      name: NAME,
      "OS-DCF:diskConfig": DISK_CONFIG,
      ...ADDRESSES,
      ...since(version, 19, { description: DESCRIPTION }),
      ...since(version, 90, { hostname: { type: "string", minLength: 2, maxLength: 63 } }),
    }),
  );

const consoleOf = (types: readonly string[]): Schema => object({ type: { type: "string", enum: types } }, ["type"]);

/** Bodies of actions; those that aren't here take anything. */
export function actionSchema(name: string, version: number): Schema | undefined {
  switch (name) {
    case "reboot":
      return only(
        name,
        object({ type: { type: "string", enum: ["HARD", "Hard", "hard", "SOFT", "Soft", "soft"] } }, ["type"]),
      );
    case "resize":
      return only(name, object({ flavorRef: FLAVOR_REF, "OS-DCF:diskConfig": DISK_CONFIG }, ["flavorRef"]));
    case "createImage":
      return only(name, object({ name: NAME, metadata: METADATA }, ["name"]));
    case "createBackup":
      return only(
        name,
        object(
          {
            name: NAME,
            backup_type: { type: "string" },
            rotation: { type: ["integer", "string"], pattern: "^[0-9]*$", minimum: 0 },
            metadata: METADATA,
          },
          ["name", "backup_type", "rotation"],
        ),
      );
    case "changePassword":
      return only(name, object({ adminPass: PASSWORD }, ["adminPass"]));
    case "rescue":
      return only(name, {
        ...object({ adminPass: PASSWORD, rescue_image_ref: { type: "string", format: "uuid" } }),
        type: ["object", "null"],
      });
    case "rebuild":
      return only(
        name,
        object(
          {
            name: NAME,
            imageRef: { type: "string", format: "uuid" },
            adminPass: PASSWORD,
            metadata: METADATA,
            preserve_ephemeral: BOOLEAN,
            "OS-DCF:diskConfig": DISK_CONFIG,
            ...ADDRESSES,
            ...(version < 57 && { personality: { type: "array" } }),
            ...since(version, 19, { description: DESCRIPTION }),
            ...since(version, 54, { key_name: { type: ["string", "null"], minLength: 1, maxLength: 255 } }),
            ...since(version, 57, { user_data: { type: ["string", "null"], format: "base64", maxLength: 65535 } }),
            ...since(version, 63, { trusted_image_certificates: { type: ["array", "null"] } }),
            ...since(version, 90, { hostname: { type: "string" } }),
          },
          ["imageRef"],
        ),
      );
    case "lock":
      return version < 73
        ? undefined
        : only(name, {
            ...object({ locked_reason: { type: "string", minLength: 1, maxLength: 255 } }),
            type: ["object", "null"],
          });
    case "os-getConsoleOutput":
      return only(
        name,
        object({ length: { type: ["integer", "string", "null"], pattern: "^-?[0-9]+$", minimum: -1 } }),
      );
    case "os-getVNCConsole":
      return only(name, consoleOf(["novnc", "xvpvnc"]));
    case "os-getSPICEConsole":
      return only(name, consoleOf(["spice-html5"]));
    case "os-getSerialConsole":
      return only(name, consoleOf(["serial"]));
    case "os-resetState":
      return only(name, object({ state: { type: "string", enum: ["active", "error"] } }, ["state"]));
    case "addFloatingIp":
      return only(name, object({ address: { type: "string" }, fixed_address: { type: "string" } }, ["address"]));
    case "removeFloatingIp":
      return only(name, object({ address: { type: "string" } }, ["address"]));
    case "addFixedIp":
      return only(name, object({ networkId: { type: ["string", "integer"], minLength: 1 } }, ["networkId"]));
    case "removeFixedIp":
      return only(name, object({ address: { type: "string" } }, ["address"]));
    default:
      return undefined;
  }
}

export { object as objectSchema, only as envelope, BOOLEAN };
