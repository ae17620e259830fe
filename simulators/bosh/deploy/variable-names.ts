import { DirectorError } from "../wire/errors.ts";

/*
 * The names of variables, and references to them (config_server/config_server_helper.rb in bosh-director).
 */

const SYNTAX = 540004;

const refuse = (name: string, what: string): DirectorError =>
  new DirectorError(SYNTAX, `Variable name '${name}' ${what}`);

function checkPath(name: string, allowed: RegExp): void {
  if (!allowed.test(name))
    throw refuse(name, "must only contain alphanumeric, underscores, dashes, or forward slash characters");
  if (name.endsWith("/")) throw refuse(name, "must not end with a forward slash");
  if (name.includes("//")) throw refuse(name, "must not contain two consecutive forward slashes");
}

/** A name under `variables:`. @throws DirectorError 540004 */
export const checkVariableName = (name: string): void => checkPath(name, /^[a-zA-Z0-9_\-/]+$/);

/** The name in a reference, without spiff's `!`. @throws DirectorError 540004 */
export function referencedName(reference: string): string {
  checkPath(reference, /^[a-zA-Z0-9_\-.!/]+$/);
  const slash = reference.lastIndexOf("/");
  if (reference.slice(0, slash + 1).includes("."))
    throw refuse(reference, "syntax error: Must not contain dots before the last slash");
  const last = reference.slice(slash + 1);
  if (last.startsWith(".")) throw refuse(reference, "syntax error: Must not have segment starting with a dot");
  if (last.endsWith(".")) throw refuse(reference, "syntax error: Must not end name with a dot");
  if (last.includes("..")) throw refuse(reference, "syntax error: Must not contain consecutive dots");
  const bangs = reference.split("!").length - 1;
  if (bangs > 1 || (bangs === 1 && (!reference.startsWith("!") || reference.length === 1)))
    throw refuse(
      reference,
      "contains invalid character '!'. If it is included for spiff, it should only be at the beginning of the name. Note: it will not be considered a part of the name",
    );
  return reference.replace(/^!/, "");
}
