import { isObject } from "../../simulators/kernel/index.ts";

/** Members whose content is never the same twice, or is too much to be compared. */
const ALWAYS =
  /^(?:(?:Create|Modify|PrimaryModify|Last|Applied)?Index|Hash|RootCert|SigningKeyID|ActiveRootID|SerialNumber|DebugConfig|Stats|PeeringToken|CustomizationHash|Gauges|Counters|Samples|Points|Timestamp)$/;
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/;
const TIME = /^20\d\d-\d\d-\d\dT/;
/** The beginning of the ids that Consul itself has chosen once and for all, and of a test's agents. */
const FIXED = /^(?:00000000-0000-0000-0000-0000000000|11111111-2222-3333-4444-5555555555)/;

/** Paths of what differs from run to run in a value. `known` is the text of a talk, whose own ids do not. */
export function listMasks(value: unknown, known: string, path: string, key = ""): readonly string[] {
  if (ALWAYS.test(key)) return [path];
  if (typeof value === "string") {
    const [id] = UUID.exec(value) ?? [];
    const isDrawn = id !== undefined && !known.includes(id) && !FIXED.test(id);
    return isDrawn || TIME.test(value) ? [path] : [];
  }
  if (Array.isArray(value)) return value.flatMap((each, at) => listMasks(each, known, `${path}[${at}]`));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, each]) =>
    listMasks(each, known, /^[\w-]+$/.test(name) ? `${path}.${name}` : `${path}['${name}']`, name),
  );
}
