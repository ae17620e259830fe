/** How one test of a driver's suite ended. */
export interface Outcome {
  /** `TestRedisCommands.test_append`. */
  readonly name: string;
  readonly ended: "passed" | "failed" | "skipped";
  /** The first line of the error. */
  readonly why: string;
}

const CASE = /<testcase classname="([^"]*)" name="([^"]*)"[^>]*?(?:\/>|>([\s\S]*?)<\/testcase>)/g;
const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', amp: "&", "#10": "\n" };

const decode = (text: string): string => text.replaceAll(/&(#?\w+);/g, (all, name: string) => ENTITIES[name] ?? all);

/** The outcomes in a report of pytest (`--junitxml`). */
export function outcomesIn(xml: string): readonly Outcome[] {
  return [...xml.matchAll(CASE)].map(([, group = "", name = "", body = ""]): Outcome => {
    const [, kind, message = ""] = /<(failure|error|skipped)[^>]* message="([^"]*)"/.exec(body) ?? [];
    const [why = ""] = decode(message).split("\n");
    const ended = kind === undefined ? "passed" : kind === "skipped" ? "skipped" : "failed";
    return { name: `${group.split(".").at(-1) ?? ""}.${name}`, ended, why };
  });
}
