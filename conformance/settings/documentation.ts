import { type SchemaNode, valueSchemaOf } from "./schema-path.ts";
import { DRYDOCK_SCHEMA } from "./schema.ts";

/** Our own keywords, unknown to other readers of JSON Schema. */
const OWN_WORDS = new Set(["expected", "fallback", "keyName"]);

/** `docs/drydock.schema.json`: the schema for editors. */
export function schemaDocument(): string {
  const document = {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "drydock.yml",
    description: "What drydock can't learn from a broker's catalog, and options of its commands.",
    ...DRYDOCK_SCHEMA,
  };
  const text = JSON.stringify(document, (word, value: unknown) => (OWN_WORDS.has(word) ? undefined : value), 2);
  return `${text}\n`;
}

interface KeyRow {
  readonly path: string;
  readonly node: SchemaNode;
}

/** Every key below a node, parents first; keys of a free mapping by their placeholder. */
function rowsBelow(node: SchemaNode, path: string): readonly KeyRow[] {
  const value = valueSchemaOf(node);
  const named = Object.entries(node.properties ?? {});
  const members = value === undefined ? named : [...named, [node.keyName ?? "KEY", value] as const];
  return members.flatMap(([key, member]) => {
    const row = { path: path === "" ? key : `${path}.${key}`, node: member };
    return [row, ...rowsBelow(member, row.path)];
  });
}

const escapePipes = (text: string): string => text.replaceAll("|", "\\|");
const code = (text: string): string => `\`${escapePipes(text)}\``;

function exampleOf({ examples = [] }: SchemaNode): string {
  return examples.map((example) => code(typeof example === "string" ? example : JSON.stringify(example))).join("<br>");
}

function rowLine({ path, node }: KeyRow): string {
  const { description = "", expected = "", fallback = "none", default: initial } = node;
  const type = expected.replace(/, such as .*$/, "");
  const cells = [
    code(path),
    escapePipes(type),
    initial === undefined ? escapePipes(fallback) : code(String(initial)),
    escapePipes(description),
  ];
  return `| ${[...cells, exampleOf(node)].join(" | ")} |`;
}

function sectionLines(key: string, node: SchemaNode): readonly string[] {
  const own = node.properties === undefined ? [{ path: key, node }] : [];
  const rows = [...own, ...rowsBelow(node, key)];
  return [
    `## ${key}`,
    "",
    node.description ?? "",
    "",
    "| Key | Type | Default | Meaning | Example |",
    "|---|---|---|---|---|",
    ...rows.filter(({ node: { description } }) => description !== undefined).map(rowLine),
    "",
  ];
}

const HEAD = `# drydock.yml

Generated from the schema by \`npm run docs\`; do not edit.

What can't be learnt from a broker's catalog, and the options of \`certify\`, \`up\`, \`exec\` and \`load\` that a project wants to keep. A
plain broker needs no such file. It lies in the working directory, or is named with \`--config\`. Every key is optional; a key without a value counts as left out, and one that is not in these tables is refused.

For completion in an editor begin the file with the schema, which the package brings along:

\`\`\`yaml
# yaml-language-server: $schema=node_modules/drydock-broker-conformance/docs/drydock.schema.json
\`\`\`
`;

/** `docs/drydock-yml.md`: every key with its type, default, meaning and an example. */
export function settingsPage(): string {
  const root: SchemaNode = DRYDOCK_SCHEMA;
  const sections = Object.entries(root.properties ?? {}).flatMap(([key, node]) => sectionLines(key, node));
  return `${[HEAD, ...sections].join("\n").trimEnd()}\n`;
}
