import { type Schema, type ValueOf } from "../../../schema/index.ts";
import {
  ADDRESSES,
  below,
  BOOLEAN,
  DESCRIPTION,
  DISK_CONFIG,
  envelope,
  FLAVOR_REF,
  METADATA,
  NAME,
  objectSchema,
  PASSWORD,
  POSITIVE,
  since,
  TAG,
  TAGS,
  TEXT,
} from "./parts.ts";

/*
 * Bodies of requests about servers, by microversion. The order of members decides which failure is reported first.
 */

const UUID = "^[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$";
const IPV4 = "^(?:(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)(?:\\.(?!$)|$)){4}$";
const IPV6 = "^[0-9a-fA-F:]*:[0-9a-fA-F:.]*$";

const IMAGE_REF = {
  oneOf: [
    { type: "string", pattern: UUID },
    { type: "string", maxLength: 0 },
  ],
} as const satisfies Schema;

const FIXED_IP = {
  type: "string",
  oneOf: [
    { type: "string", pattern: IPV4 },
    { type: "string", pattern: IPV6 },
  ],
} as const satisfies Schema;

const PORT = { oneOf: [{ type: "string", pattern: UUID }, { type: "null" }] } as const satisfies Schema;

/** Device tags came in 2.32, were lost by mistake, and came back in 2.42. */
const hasDeviceTags = (version: number): boolean => version === 32 || version >= 42;

const networkSchema = (version: number) =>
  objectSchema({
    fixed_ip: FIXED_IP,
    port: PORT,
    uuid: { type: "string" },
    ...since(hasDeviceTags(version) ? 1 : 0, 1, { tag: TAG }),
  });

const BLOCK_DEVICE = {
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
} as const satisfies Schema;

const HINTS = {
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
} as const satisfies Schema;

const networkListSchema = (version: number) => ({ type: "array", items: networkSchema(version) }) as const;

/** From 2.37 on a word may stand for the list. */
const networksSchema = (version: number) =>
  version < 37
    ? networkListSchema(version)
    : ({ oneOf: [networkListSchema(version), { type: "string", enum: ["none", "auto"] }] } as const);

const HOSTNAME = {
  type: "string",
  minLength: 2,
  maxLength: 63,
  pattern: "^[a-zA-Z0-9]+[a-zA-Z0-9-]*[a-zA-Z0-9]+$",
} as const satisfies Schema;

const SECURITY_GROUPS = {
  type: "array",
  items: { type: "object", properties: { name: TEXT }, additionalProperties: false },
} as const satisfies Schema;

/** Members at every microversion, except the networks. */
const CREATE = {
  name: NAME,
  imageRef: IMAGE_REF,
  flavorRef: FLAVOR_REF,
  adminPass: PASSWORD,
  metadata: METADATA,
} as const;

const CREATE_MORE = {
  "OS-DCF:diskConfig": DISK_CONFIG,
  ...ADDRESSES,
  availability_zone: TEXT,
  block_device_mapping: { type: "array", items: { type: "object" } },
  block_device_mapping_v2: { type: "array", items: BLOCK_DEVICE },
  config_drive: BOOLEAN,
  key_name: TEXT,
  min_count: POSITIVE,
  max_count: POSITIVE,
  return_reservation_id: BOOLEAN,
  security_groups: SECURITY_GROUPS,
  user_data: { type: "string", format: "base64", maxLength: 65535 },
} as const;

const createMembersSince = (version: number) => ({
  ...below(version, 57, { personality: { type: "array", items: { type: "object" } } }),
  ...since(version, 19, { description: DESCRIPTION }),
  ...since(version, 52, { tags: TAGS }),
  ...since(version, 63, { trusted_image_certificates: { type: ["array", "null"], maxItems: 50 } }),
  ...since(version, 74, { host: TEXT, hypervisor_hostname: TEXT }),
  ...since(version, 90, { hostname: HOSTNAME }),
});

/** The body of POST /servers. Networks must be given from 2.37 on, and may then be a word. */
export const createSchema = (version: number) =>
  ({
    type: "object",
    properties: {
      server: objectSchema(
        {
          ...CREATE,
          networks: networksSchema(version),
          ...CREATE_MORE,
          ...createMembersSince(version),
        },
        version >= 37 ? ["name", "flavorRef", "networks"] : ["name", "flavorRef"],
      ),
      "os:scheduler_hints": HINTS,
      "OS-SCH-HNT:scheduler_hints": HINTS,
    },
    required: ["server"],
    additionalProperties: false,
  }) as const;

/** The body of POST /servers. */
export type CreateServerBody = ValueOf<ReturnType<typeof createSchema>>;
/** A server as the body of POST /servers describes it. */
export type WantedServer = CreateServerBody["server"];
/** An entry of `block_device_mapping_v2`. */
export type BlockDevice = ValueOf<typeof BLOCK_DEVICE>;

/** The body of PUT /servers/ID. */
export const updateSchema = (version: number) =>
  envelope(
    "server",
    objectSchema({
      name: NAME,
      "OS-DCF:diskConfig": DISK_CONFIG,
      ...ADDRESSES,
      ...since(version, 19, { description: DESCRIPTION }),
      ...since(version, 90, { hostname: { type: "string", minLength: 2, maxLength: 63 } }),
    }),
  );
