import type { Json } from "../../client/http/json.ts";
import type { Answer } from "../../client/answer.ts";

/** An answer that a test makes: of an ordinary provision, unless it says otherwise. */
export function answerWith(status: number, json: Json = {}, more: Partial<Answer> = {}): Answer {
  return {
    request: { method: "PUT", url: "http://127.0.0.1:1/v2/service_instances/i", headers: {} },
    status,
    headers: {},
    bytes: Buffer.from(JSON.stringify(json)),
    json,
    problem: undefined,
    elapsedMs: 1,
    operation: "provision",
    intent: "plain",
    instanceId: "i",
    bindingId: "",
    query: {},
    sent: {},
    polled: undefined,
    ...more,
  };
}
