import { describe, expect, it } from "vitest";
import { asFields } from "../configs/fields.ts";
import { manifestOf, TestDirector } from "../testing/director.ts";
import type { Preparation, RequestRule } from "./request-rule.ts";
import { REQUEST_RULES } from "./request-rules.ts";

const YAML = "text/yaml";

/** The preparation of a deployment `x` before the request. */
const STEPS: Readonly<Record<Preparation, ((director: TestDirector) => void) | null>> = {
  uploaded: null,
  deployed: () => undefined,
  stopped: (director) =>
    void director.task(director.send("PUT", "/deployments/x/jobs/w?state=stopped", { type: YAML, body: "" })),
  detached: (director) =>
    void director.task(director.send("PUT", "/deployments/x/jobs/w?state=detached", { type: YAML, body: "" })),
  ignored: (director) => void director.json("PUT", "/deployments/x/instance_groups/w/0/ignore", { ignore: true }),
  paused: (director) => void director.json("PUT", "/resurrection", { resurrection_paused: true }),
  errand: () => undefined,
};

const readField = (value: unknown, name: string): string => String(asFields(value)[name]);

const made = new Map<Preparation, Promise<TestDirector>>();

/** A director in that state. Tests of the same state share it, because a refused request changes nothing. */
function prepare(preparation: Preparation): Promise<TestDirector> {
  const known = made.get(preparation);
  if (known !== undefined) return known;
  const making = (async () => {
    const director = new TestDirector();
    await director.ready();
    const step = STEPS[preparation];
    if (step === null) return director;
    await director.upload("/releases", "demo-2.tgz");
    director.deployText(manifestOf({ w: 1 }, { lifecycle: preparation === "errand" ? "errand" : "service" }));
    step(director);
    return director;
  })();
  made.set(preparation, making);
  return making;
}

async function refusalOf({ request, body, headers, user, before }: RequestRule): Promise<unknown> {
  const director = await prepare(before);
  const id = before === "uploaded" ? "" : director.instance("x", "w").id;
  const [method = "", path = ""] = request.replaceAll("{instance}", id).split(" ");
  const reply = director.send(method, path, {
    ...(body !== undefined && {
      type: typeof body === "string" ? YAML : "application/json",
      body: typeof body === "string" ? body : JSON.stringify(body),
    }),
    ...(headers && { headers }),
    ...(user && { user }),
  });
  const uuid = readField(director.send("GET", "/info").json, "uuid");
  const show = (text: string): string =>
    text.replaceAll(uuid, "{uuid}").replaceAll(id === "" ? "\u0000" : id, "{instance}");
  if (reply.status !== 303 && reply.status !== 302) {
    return { code: asFields(reply.json).code, text: show(readField(reply.json, "description")) };
  }
  const error = director.task(reply).events.findLast((each) => each.error !== undefined)?.error;
  return { code: asFields(error).code, text: show(readField(error, "message")) };
}

describe("a request that breaks a rule of the director", () => {
  it.each(REQUEST_RULES.map((rule) => [`${rule.source}: ${rule.request}: ${rule.text}`, rule] as const))(
    "%s",
    async (_title, rule) => {
      expect(await refusalOf(rule)).toEqual({ code: rule.code, text: rule.text });
    },
  );
});
