import { asFields, isHash } from "../configs/fields.ts";
import type { HttpReply } from "../../kernel/index.ts";
import { diffLines } from "../configs/diff.ts";
import { latestConfigs } from "../configs/latest.ts";
import { readYaml } from "../templates/yaml.ts";
import type { RequestContext } from "../wire/context.ts";
import { DirectorError } from "../wire/errors.ts";
import { htmlJson } from "../wire/replies.ts";
import { readConfigBody, parseBody, readContent } from "./config-bodies.ts";

const DIFF_FORMATS =
  'The following request formats are allowed:\n1. {"from":<config>,"to":<config>} where <config> is either {"id":"<id>"} or {"content":"<content>"}\n2. {"type":"<type>","name":"<name>","content":"<content>"}';

const isFilled = (value: unknown): boolean => typeof value === "string" && value !== "";

/** Whether it is `{id}` or `{content}`. */
const isSide = (side: unknown): boolean =>
  isHash(side) && ((typeof side.id === "string" && /^\d+/.test(side.id)) || typeof side.content === "string");

/** @throws DirectorError 440011, 440012 */
function readSide({ director }: RequestContext, side: unknown): unknown {
  const { id, content } = asFields(side);
  if (id === undefined) return readContent(content);
  const config = director.slot.value.configs.find((each) => String(each.id) === id && !each.deleted);
  if (config === undefined) throw new DirectorError(440012, `Config ${String(id)} not found`);
  return readYaml(config.content);
}

/** `POST /configs/diff`: between two configs, or between the newest one of a name and a text. @throws DirectorError 440010, 440012, 710001 */
export function diffConfig(context: RequestContext): HttpReply {
  const body = parseBody(context);
  try {
    if (isSide(body.from) && isSide(body.to))
      return htmlJson(200, { diff: diffLines(readSide(context, body.from), readSide(context, body.to), true) });
    if (![body.type, body.name].every(isFilled) || typeof body.content !== "string")
      throw new DirectorError(440010, DIFF_FORMATS);
    const { type, name, content } = readConfigBody(body);
    const from = latestConfigs(context.director, type).find((each) => each.name === name);
    return htmlJson(200, {
      from: { id: String(from?.id ?? 0) },
      diff: diffLines(readYaml(from?.content ?? "{}"), readContent(content), true),
    });
  } catch (error) {
    if (!(error instanceof DirectorError) || error.code !== 440011) throw error;
    return htmlJson(400, {
      diff: [],
      error: `Unable to diff config content: #<Bosh::Director::BadConfig: ${error.message}>`,
    });
  }
}
