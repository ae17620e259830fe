import { type Action, mayDo } from "../auth/roles.ts";
import { type Document, isArray, isDocument } from "../values/value.ts";
import { ServerError } from "../wire/errors.ts";
import { outputOf } from "./aggregate.ts";
import type { Call, Command } from "./call.ts";
import { targetOf } from "./write-result.ts";

const denial = ({ database, name }: Call): ServerError =>
  new ServerError("Unauthorized", `not authorized on ${database} to execute command { ${name} }`);

/** Refuses a command that the user has no right to run. @throws ServerError Unauthorized */
export function authorize(call: Call, { action }: Command): void {
  const { server, client, database, body, name } = call;
  if (!server.options.requiresLogin || action === "nobody") return;
  const { principal } = client;
  if (principal === undefined) throw new ServerError("Unauthorized", `Command ${name} requires authentication`);
  if (action === "anybody") return;
  const require = (wanted: Action, on: string): void => {
    if (!mayDo(principal, wanted, on)) throw denial(call);
  };
  if (name === "renameCollection") return requireRename(body, require);
  if (name === "dataSize") return require("find", String(body.dataSize).split(".")[0] ?? "");
  require(action, database);
  const output = name === "aggregate" ? outputOf(body) : undefined;
  if (output !== undefined) require("write", targetOf(output, database).database);
  if (name === "explain" && isWriting(body)) require("write", database);
}

function requireRename(body: Document, require: (action: Action, on: string) => void): void {
  for (const namespace of [body.renameCollection, body.to]) {
    const [database = ""] = String(namespace).split(".");
    require("define", database);
    require("write", database);
  }
}

const isWriting = ({ explain }: Document): boolean =>
  isDocument(explain) &&
  (isArray(explain.updates) || isArray(explain.deletes) || Object.hasOwn(explain, "findAndModify"));
