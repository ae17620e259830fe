import type { Schema } from "../../../common/schema.ts";
import {
  ADDRESSES,
  BOOLEAN,
  DESCRIPTION,
  DISK_CONFIG,
  envelope,
  FLAVOR_REF,
  METADATA,
  NAME,
  objectSchema,
  PASSWORD,
  since,
} from "./parts.ts";

const consoleOf = (types: readonly string[]): Schema =>
  objectSchema({ type: { type: "string", enum: types } }, ["type"]);

/** Bodies of actions; those that aren't here take anything. */
export function actionSchema(name: string, version: number): Schema | undefined {
  switch (name) {
    case "reboot":
      return envelope(
        name,
        objectSchema({ type: { type: "string", enum: ["HARD", "Hard", "hard", "SOFT", "Soft", "soft"] } }, ["type"]),
      );
    case "resize":
      return envelope(name, objectSchema({ flavorRef: FLAVOR_REF, "OS-DCF:diskConfig": DISK_CONFIG }, ["flavorRef"]));
    case "createImage":
      return envelope(name, objectSchema({ name: NAME, metadata: METADATA }, ["name"]));
    case "createBackup":
      return envelope(
        name,
        objectSchema(
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
      return envelope(name, objectSchema({ adminPass: PASSWORD }, ["adminPass"]));
    case "rescue":
      return envelope(name, {
        ...objectSchema({ adminPass: PASSWORD, rescue_image_ref: { type: "string", format: "uuid" } }),
        type: ["object", "null"],
      });
    case "rebuild":
      return envelope(
        name,
        objectSchema(
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
        : envelope(name, {
            ...objectSchema({ locked_reason: { type: "string", minLength: 1, maxLength: 255 } }),
            type: ["object", "null"],
          });
    case "os-getConsoleOutput":
      return envelope(
        name,
        objectSchema({ length: { type: ["integer", "string", "null"], pattern: "^-?[0-9]+$", minimum: -1 } }),
      );
    case "os-getVNCConsole":
      return envelope(name, consoleOf(["novnc", "xvpvnc"]));
    case "os-getSPICEConsole":
      return envelope(name, consoleOf(["spice-html5"]));
    case "os-getSerialConsole":
      return envelope(name, consoleOf(["serial"]));
    case "os-resetState":
      return envelope(name, objectSchema({ state: { type: "string", enum: ["active", "error"] } }, ["state"]));
    case "addFloatingIp":
      return envelope(
        name,
        objectSchema({ address: { type: "string" }, fixed_address: { type: "string" } }, ["address"]),
      );
    case "removeFloatingIp":
      return envelope(name, objectSchema({ address: { type: "string" } }, ["address"]));
    case "addFixedIp":
      return envelope(name, objectSchema({ networkId: { type: ["string", "integer"], minLength: 1 } }, ["networkId"]));
    case "removeFixedIp":
      return envelope(name, objectSchema({ address: { type: "string" } }, ["address"]));
    default:
      return undefined;
  }
}
