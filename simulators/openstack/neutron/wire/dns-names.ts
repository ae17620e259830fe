import { str } from "../../python/index.ts";
import { type Convert, InvalidValue } from "./converters.ts";
import { badInput } from "./errors.ts";

/*
 * Names of the DNS integration (neutron-lib, `api/validators/dns.py`): a port's host name, a floating IP's host name, a domain.
 */

/** `FQDN_FIELD_SIZE`. */
const FQDN_CHARS_MAX = 255;
const LABEL = /^[a-z0-9-]{1,63}$/i;

const lowerCase: Convert<string> = (value) => {
  if (typeof value !== "string") throw badInput(`Input value ${str(value)} must be string type`);
  return value.toLowerCase();
};

/** Why a name is not a DNS name; `undefined` if it is one. */
function objectionTo(name: string): string | undefined {
  const trimmed = name.endsWith(".") ? name.slice(0, -1) : name;
  if (trimmed.length > FQDN_CHARS_MAX) return `'${trimmed}' exceeds the ${FQDN_CHARS_MAX} character FQDN limit`;
  const labels = trimmed.split(".");
  for (const label of labels) {
    if (label === "") return "Encountered an empty component";
    if (label.startsWith("-") || label.endsWith("-")) return `Name '${label}' must not start or end with a hyphen`;
    if (!LABEL.test(label))
      return `Name '${label}' must be 1-63 characters long, each of which can only be alphanumeric or a hyphen`;
  }
  const top = labels.at(-1) ?? "";
  return labels.length > 1 && /^\d+$/.test(top) ? `TLD '${top}' must not be all numeric` : undefined;
}

function checkName(name: string): string {
  const objection = name === "" ? undefined : objectionTo(name);
  if (objection !== undefined) throw new InvalidValue(`'${name}' not a valid PQDN or FQDN. Reason: ${objection}.`);
  return name;
}

/** The host name of a port. */
export const dnsHostName: Convert<string> = (value) => checkName(lowerCase(value));

/** The host name of a floating IP, which is relative. */
export const relativeDnsName: Convert<string> = (value) => {
  const name = lowerCase(value);
  if (name.endsWith(".")) throw new InvalidValue(`'${name}' is a FQDN. It should be a relative domain name.`);
  checkName(name);
  if (name.length > FQDN_CHARS_MAX - 3)
    throw new InvalidValue(
      `'${name}' contains ${name.length} characters. Adding a domain name will cause it to exceed the maximum length of a FQDN of '${FQDN_CHARS_MAX}'.`,
    );
  return name;
};

/** A domain, which ends with a dot. */
export const dnsDomain: Convert<string> = (value) => {
  const name = lowerCase(value);
  if (name === "") return name;
  if (!name.endsWith(".")) throw new InvalidValue(`'${name}' is not a FQDN.`);
  checkName(name);
  if (name.length > FQDN_CHARS_MAX - 2)
    throw new InvalidValue(
      `'${name}' contains ${name.length} characters. Adding a sub-domain will cause it to exceed the maximum length of a FQDN of '${FQDN_CHARS_MAX}'.`,
    );
  return name;
};
