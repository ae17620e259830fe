import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { parse as parseYaml, stringify } from "yaml";
import { schemaDocument, settingsPage } from "./documentation.ts";
import { parseDrydockFile } from "./drydock-file.ts";
import { DRYDOCK_SCHEMA } from "./schema.ts";
import { memberSchemas, type SchemaNode } from "./schema-path.ts";

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

/** Every key of the page with its examples, as a file with only that key. */
function exampleFiles(): readonly (readonly [string, string])[] {
  const paths = [...settingsPage().matchAll(/^\| `([\w.]+)` \|/gm)].map(([, path = ""]) => path);
  return paths.flatMap((path) => {
    const nodes = path
      .split(".")
      .reduce<readonly SchemaNode[]>((all, key) => all.flatMap((node) => memberSchemas(node, key)), [DRYDOCK_SCHEMA]);
    return nodes.flatMap(({ examples = [] }) =>
      examples.map((example) => {
        const file = path.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), example);
        return [path, stringify(file)] as const;
      }),
    );
  });
}

describe("the documentation of drydock.yml", () => {
  it.each([
    ["docs/drydock-yml.md", settingsPage],
    ["docs/drydock.schema.json", schemaDocument],
  ])("%s matches the schema (npm run docs writes it)", (path, generate) => {
    expect(read(path)).toBe(generate());
  });

  it.each(exampleFiles())("gives a valid example of %s", (_path, text) => {
    expect(() => parseDrydockFile(text)).not.toThrow();
  });

  it("is shipped with the package", () => {
    expect(JSON.parse(read("package.json"))).toMatchObject({
      files: expect.arrayContaining(["docs/**/*.md", "docs/*.json"]),
    });
  });

  it.each(["conformance/README.md", "conformance/data/README.md", "conformance/suites/backup/README.md"])(
    "agrees with the YAML in %s",
    (path) => {
      const blocks = [...read(path).matchAll(/```yaml\n(.*?)```/gs)].map(([, text = ""]) => text);
      for (const text of blocks.filter((block) => !block.startsWith("accept:")))
        expect(() => parseDrydockFile(text)).not.toThrow();
    },
  );
});

describe("the schema for editors", () => {
  const validate = new Ajv({ strict: false, logger: false }).compile<unknown>(JSON.parse(schemaDocument()));

  it("accepts every example of the documentation", () => {
    for (const [, text] of exampleFiles()) expect(validate(parseYaml(text))).toBe(true);
  });

  it.each([[{ datas: {} }], [{ hooks: { hold: {} } }], [{ backup: { driver: "mine" } }], [{ data: { ports: [0] } }]])(
    "refuses %j",
    (file) => {
      expect(validate(file)).toBe(false);
    },
  );
});
