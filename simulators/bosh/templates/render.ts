import { asFields, type Fields, readHashes } from "../configs/fields.ts";
import { digestOf } from "./digest.ts";
import { RenderError, renderSimply } from "./erb.ts";
import { askRuby, hasRuby, RubyFailure } from "./ruby-thread.ts";

/** The templates of one job, and the values that they may read. */
interface RenderRequest {
  readonly job: string;
  readonly spec: Fields;
  /** How zones, networks and groups are numbered in short DNS names. */
  readonly numbers: Fields;
  readonly templates: readonly { readonly source: string; readonly text: string }[];
}

/** The result of a template: its text, or the director's words for why it can't be rendered. */
export interface RenderResult {
  readonly text?: string;
  readonly error?: string;
}

/**
 * A stand-in for the text of a template that can't be evaluated here: it changes with everything that the
 * template could read.
 */
const NOT_EVALUATED = "# not evaluated: ";

/**
 * Renders templates: those that need no Ruby directly, the others with Ruby. Without Ruby, the others are not
 * evaluated.
 */
export function renderTemplates(request: RenderRequest): readonly RenderResult[] {
  const simple = request.templates.map(({ source, text }) => renderWithoutRuby(source, text, request.spec));
  const rest = request.templates.filter((_each, at) => simple[at] === undefined);
  const evaluated = rest.length === 0 ? [] : renderByRuby({ ...request, templates: rest });
  let next = 0;
  return simple.map((each) => each ?? evaluated[next++] ?? {});
}

/** Undefined if it needs Ruby. */
function renderWithoutRuby(source: string, text: string, spec: Fields): RenderResult | undefined {
  if (!text.includes("<%")) return { text };
  try {
    const scope = { properties: asFields(spec.properties), spec, links: asFields(spec.links) };
    const rendered = renderSimply(text, scope);
    return rendered === undefined ? undefined : { text: rendered };
  } catch (error) {
    if (!(error instanceof RenderError)) throw error;
    return { error: describe(source, error.line, error.message) };
  }
}

const describe = (source: string, line: string, message: string): string =>
  `Error filling in template '${source}' (line ${line}: ${message})`;

/** Results of Ruby by request: a deploy renders an instance several times. The oldest are dropped when there are too many. */
const rendered = new Map<string, readonly RenderResult[]>();
const RENDERED_MAX = 2_000;

function renderByRuby(request: RenderRequest): readonly RenderResult[] {
  const key = digestOf(request);
  if (!hasRuby()) return request.templates.map(() => ({ text: `${NOT_EVALUATED}${key}\n` }));
  const known = rendered.get(key);
  if (known !== undefined) return known;
  const results = askForTemplates(request);
  rendered.set(key, results);
  for (const oldest of rendered.keys()) {
    if (rendered.size <= RENDERED_MAX) break;
    rendered.delete(oldest);
  }
  return results;
}

function askForTemplates(request: RenderRequest): readonly RenderResult[] {
  try {
    const answers = readHashes(askRuby({ kind: "render", ...request }).results);
    return request.templates.map(({ source }, at) => {
      const { text, error, line } = answers[at] ?? {};
      return error === undefined
        ? { text: String(text ?? "") }
        : { error: describe(source, String(line), String(error)) };
    });
  } catch (error) {
    if (!(error instanceof RubyFailure)) throw error;
    return request.templates.map(({ source }) => ({
      error: describe(source, "(unknown)", `not simulated: ${error.message}`),
    }));
  }
}
