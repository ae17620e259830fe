/** A text that is no YAML, or none that the director could hold. The message is Psych's. */
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

/** A class that a safe load does not make. */
export const disallowedClass = (name: string): YamlError =>
  new YamlError("Psych::DisallowedClass", `Tried to load unspecified class: ${name}`);
