import { JsonError, parseJson } from "../wire/json/parse.ts";
import type { Fields } from "./decode.ts";
import { quote, refuseEntry, structIn, textIn } from "./fields.ts";
import { checkMeta } from "./validate-meta.ts";

const MTLS_MODES = ["", "strict", "permissive"];

/** @throws EntryError for an unknown mode of mutual TLS */
export function checkMutualTls(fields: Fields): void {
  const mode = textIn(fields, "MutualTLSMode");
  if (!MTLS_MODES.includes(mode))
    refuseEntry(`Invalid MutualTLSMode ${quote(mode)}. Must be one of "", "strict", or "permissive".`);
}

/** @throws EntryError */
function checkAccessLogs(logs: Fields): void {
  const [json, text] = [textIn(logs, "JSONFormat"), textIn(logs, "TextFormat")];
  if (textIn(logs, "Type") === "file" && textIn(logs, "Path") === "")
    refuseEntry("path must be specified when using file type access logs");
  if (json !== "" && text !== "") refuseEntry("cannot specify both access log JSONFormat and TextFormat");
  if (json === "") return;
  try {
    parseJson(json);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    refuseEntry(
      `invalid access log json for JSON format: ${error.message.replace(/^unexpected EOF$/, "unexpected end of JSON input")}`,
    );
  }
}

/** The defaults of all proxies, checked. @throws EntryError */
export function validateProxyDefaults(fields: Fields): Fields {
  const name = textIn(fields, "Name");
  if (name !== "" && name !== "global") refuseEntry(`invalid name (${quote(name)}), only "global" is supported`);
  const logs = structIn(fields, "AccessLogs");
  const type = logs === undefined ? "" : textIn(logs, "Type");
  if (!["", "stdout", "stderr", "file"].includes(type)) refuseEntry(`invalid access log type: ${type}`);
  if (logs !== undefined) checkAccessLogs(logs);
  checkMeta(fields);
  if ((structIn(fields, "PrioritizeByLocality")?.Mode ?? "") !== "")
    refuseEntry("Prioritize-by-locality requires Consul Enterprise ");
  checkMutualTls(fields);
  return { ...fields, Name: "global" };
}
