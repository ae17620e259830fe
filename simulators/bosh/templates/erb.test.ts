import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { renderSimply } from "./erb.ts";
import { type RenderResult, renderTemplates } from "./render.ts";
import { askRuby, RubyFailure } from "./ruby-thread.ts";
import { readYaml } from "./yaml.ts";

const PROPERTIES = { port: 80, name: "Web", tls: { on: true }, list: [1], nothing: null, no: false };
const LINKS = { db: { instances: [{ name: "db", index: 0, address: "a" }], properties: { port: 1 } } };
const SPEC = { index: 3, az: "z1", properties: PROPERTIES, links: LINKS };
const SCOPE = { properties: PROPERTIES, spec: SPEC, links: LINKS };

const render = (text: string): RenderResult => {
  const [result] = renderTemplates({ job: "web", spec: SPEC, numbers: {}, templates: [{ source: "bin/run", text }] });
  if (result === undefined) throw new Error("nothing is rendered");
  return result;
};

/** The result of Ruby itself for a template. */
function renderByRuby(text: string): RenderResult {
  const templates = [{ source: "bin/run", text }];
  const { results } = askRuby({ kind: "render", job: "web", spec: SPEC, numbers: {}, templates }) as {
    results: { text?: string; error?: string; line?: string }[];
  };
  const [result] = results;
  if (result?.error === undefined) return { text: result?.text ?? "" };
  return { error: `Error filling in template 'bin/run' (line ${result.line}: ${result.error})` };
}

describe("a job template", () => {
  it.each([
    ["<%= p('port') %>", "80"],
    ["<%= p('nosuch', 'x') %>", "x"],
    ["<%= p('nothing', 7) %>", "7"],
    ["<%= p('tls.on') %>", "true"],
    ["<%= p('tls') %>", '{"on" => true}'],
    ["<%= p('name').upcase %>", "WEB"],
    ["<%= p('list').to_json %>", "[1]"],
    ["<% if p('no') %><%= p('nosuch') %><% end %>b", "b"],
    ["<% if_p('port') do |port| %>a<%= port %><% end %>b", "a80b"],
    ["<% if_p('nosuch') do |x| %>a<% end.else do %>c<% end %>", "c"],
    ["<% if_link('db') do |db| %><%= db.p('port') %><% end %>", "1"],
    ["<%= link('db').instances.map(&:address).join %>", "a"],
    ["<%% p('port') %>", "<% p('port') %>"],
    ["<%= properties.tls.on %> <%= spec.nosuch.inspect %>", "true nil"],
    ["<%= require 'ipaddr'; IPAddr.new('10.0.0.0/8').include?('10.1.1.1') %>", "true"],
  ])("renders %s as %s", (template, text) => {
    expect(render(template)).toEqual({ text });
  });

  it.each([
    ["a\n<%= p('nosuch') %>", `line 2: Can't find property '["nosuch"]'`],
    ["<%= p('port').upcase %>", "line 1: undefined method 'upcase' for an instance of Integer"],
    ["<%= link('zz').p('x') %>", "line 1: Can't find link 'zz'"],
    ["<% raise 'no' %>", "line 1: no"],
    ["<%= 1/0 %>", "line 1: divided by 0"],
    [
      "<%= nosuch %>",
      "line 1: undefined local variable or method 'nosuch' for an instance of Bosh::Common::Template::EvaluationContext",
    ],
  ])("refuses %s in the words of Ruby", (template, words) => {
    expect(render(template)).toEqual({ error: `Error filling in template 'bin/run' (${words})` });
  });

  it("yields the same text with and without Ruby if it does not need Ruby", () => {
    const name = fc.constantFrom("port", "name", "tls.on", "no", "nothing", "nosuch", "tls.nosuch");
    const text = fc.constantFrom("a", "\n", "  ", "x\n  ", "%", "é");
    const tag = fc.oneof(
      name.map((each) => `<%= p('${each}') %>`),
      name.map((each) => `<%= p("${each}", "d") -%>`),
      fc.constantFrom("<%= spec.index %>", "<%= spec.az -%>", "<%# note %>", "<%= spec.nosuch %>"),
      name.map((each) => `<% if_p('${each}') do |v| %>[<%= v %>]<% end %>`),
      name.map((each) => `<%- if_p('${each}') do |v| -%>\n[<%= p('port') %>]\n<%- end -%>\n`),
      fc.constantFrom("db", "zz").map((each) => `<% if_link('${each}') do |l| %>L<% end %>`),
    );
    const template = fc.array(fc.oneof(text, tag), { maxLength: 8 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(template, (each) => {
        expect(render(each)).toEqual(renderByRuby(each));
      }),
      { numRuns: 150 },
    );
  });

  it("needs no Ruby if it only looks up properties", () => {
    for (const simple of ["a <%= p('port') %>", "<% if_p('port') do |x| %><%= x %><% end %>", "<%= spec.az %>"])
      expect(renderSimply(simple, SCOPE)).toBeDefined();
    for (const other of ["<% if p('no') %>a<% end %>", "<%= p('list') %>", "<% end %>", "<%= x %>", "<% never ends"])
      expect(renderSimply(other, SCOPE)).toBeUndefined();
  });

  it("sees the same time and the same random numbers in every run", () => {
    const template = "<%= Time.now.to_i %>";
    expect(render(template)).toEqual({ text: "1767225600" });
  });
});

describe("Ruby", () => {
  it.each([
    ["a template that calls itself forever", "<% def again = again(); again() %>"],
    ["a template that ends the program", "<% exit! %>"],
  ])("serves the next template after %s", (_what, text) => {
    const outcome = (() => {
      try {
        return renderByRuby(text);
      } catch (error) {
        return error;
      }
    })();
    if (outcome instanceof Error) expect(outcome).toBeInstanceOf(RubyFailure);
    else expect(outcome).toHaveProperty("error");
    expect(render("<%= p('name').upcase %>")).toEqual({ text: "WEB" });
  });
});

describe("a text that is not YAML", () => {
  it.each([
    ["a:\n\t- b\n", "found character that cannot start any token while scanning for the next token at line 2 column 1"],
    ['name: "a\n', "found unexpected end of stream while scanning a quoted scalar at line 1 column 7"],
    ["\u0001", "control characters are not allowed at line 1 column 1"],
  ])("is refused in Psych's own words: %j", (text, words) => {
    expect(() => readYaml(text)).toThrow(`(<unknown>): ${words}`);
  });
});
