/** The error for a text that is not YAML, or that the director does not accept. The message is Psych's. */
export class YamlError extends Error {
  /** The class of Ruby's exception, such as `Psych::SyntaxError`. */
  readonly ruby: string;

  constructor(ruby: string, message: string) {
    super(message);
    this.name = "YamlError";
    this.ruby = ruby;
  }

  /** As Ruby's `inspect` writes the exception. */
  inspect(): string {
    return `#<${this.ruby}: ${this.message}>`;
  }
}

/** A class that a safe load does not instantiate. */
export const disallowedClass = (name: string): YamlError =>
  new YamlError("Psych::DisallowedClass", `Tried to load unspecified class: ${name}`);

/** libyaml's message for a text that it can't parse. Only the common cases have its exact words. */
export function syntaxError(text: string, message: string): string {
  const lines = text.split("\n");
  const last = lines.at(-1) === "" ? lines.length : lines.length + 1;
  const opens = (text.match(/[[{]/g) ?? []).length;
  const closes = (text.match(/[\]}]/g) ?? []).length;
  if (opens > closes)
    return `(<unknown>): did not find expected node content while parsing a flow node at line ${last} column 1`;
  if (message.startsWith("control characters")) return `(<unknown>): ${message} at line 1 column 1`;
  const at = /at line (\d+), column (\d+)/.exec(message);
  return `(<unknown>): did not find expected key while parsing a block mapping at line ${at?.[1] ?? 1} column ${at?.[2] ?? 1}`;
}
