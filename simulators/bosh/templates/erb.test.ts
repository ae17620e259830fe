import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RenderError, renderTemplate } from "./erb.ts";

const scope = {
  properties: { port: 80, name: "Web", "tls.on": true, list: [1], missing: undefined, nothing: null },
  spec: { index: 3, az: "z1" },
  links: { db: { instances: [] } },
};
const render = (template: string): string => renderTemplate(template, scope);
const errorOf = (template: string): RenderError => {
  try {
    render(template);
  } catch (error) {
    if (error instanceof RenderError) return error;
  }
  throw new Error(`${template} is rendered`);
};

describe("a job template", () => {
  it.each([
    ["<%= p('port') %>", "80"],
    ['<%= p("name") %>', "Web"],
    ["<%=p('tls.on')%>", "true"],
    ["<%= p('missing', 'x') %>", "x"],
    ["<%= p('nothing', 7) %>", "7"],
    ["<%= p('name').upcase %>", "WEB"],
    ["<%= p('name').downcase %>", "web"],
    ["<%= p('port').to_s %>", "80"],
    ["<%= p('list').to_json %>", "[1]"],
    ["<%= spec.index %>", "3"],
    ["<%= spec.az %>", "z1"],
    ["a <%# p('nosuch') %>b", "a b"],
    ["a <% x = 1 %>b", "a b"],
    ["<%% p('port') %>", "<% p('port') %>"],
    ["a <% never ends", "a <% never ends"],
  ])("renders %s as %s", (template, text) => {
    expect(render(template)).toBe(text);
  });

  it("chomps one newline, and strips all blanks at both ends", () => {
    const text = (method: string): string =>
      renderTemplate(`[<%= p('text').${method} %>]`, { ...scope, properties: { text: " a\n\n" } });
    expect([text("chomp"), text("strip")]).toEqual(["[ a\n]", "[a]"]);
  });

  it.each([
    ["a\n<% x -%>\nb", "a\nb"],
    ["a\n<% x %>\nb", "a\n\nb"],
    ["a\n  <%- x -%>\nb", "a\nb"],
    ["a\n  <%- x %>\nb", "a\n\nb"],
    ["a <%- x -%> b", "a  b"],
    ["<%= p('port') -%>\nb", "80b"],
  ])("trims the lines of %j as trim mode - does", (template, text) => {
    expect(render(template)).toBe(text);
  });

  it.each([
    ["<% if_p('port') do |port| %>a<% end %>b", "ab"],
    ["<% if_p('missing') do |x| %>a<% end %>b", "b"],
    ["<% if_p('nothing') do |x| %>a<% end %>b", "b"],
    ["<% if_link('db') do |db| %>a<% end %>b", "ab"],
    ["<% if_link('nosuch') do |x| %>a<% end %>b", "b"],
    ["<% if_p('missing') do |x| %>a<% if_p('port') do |y| %>c<% end %>d<% end %>b", "b"],
    ["<% if_p('missing') do |x| %><%= p('missing') %><% end %>b", "b"],
    ["<% [1].each do |x| %>a<% end %>b", "ab"],
  ])("skips what a condition excludes: %s", (template, text) => {
    expect(render(template)).toBe(text);
  });

  it("names the line and the property that it can't find", () => {
    expect(errorOf("a\nb <% x\n %>\n<%= p('nosuch') %>")).toMatchObject({
      line: 4,
      message: `Can't find property '["nosuch"]'`,
    });
    expect(errorOf("<%= foo(p('nosuch')) %>").message).toBe(`Can't find property '["nosuch"]'`);
  });

  it.each([
    ["<%= p('port').upcase %>", "undefined method 'upcase' for an instance of Integer"],
    ["<%= p('list').strip %>", "undefined method 'strip' for an instance of Array"],
    ["<%= p('tls.on').chomp %>", "undefined method 'chomp' for true"],
  ])("refuses %s in the words of Ruby", (template, message) => {
    expect(errorOf(template).message).toBe(message);
  });

  it("replaces what it does not evaluate with a digest of all that it could have read", () => {
    const template = "<%= p('port') + 1 %>";
    const other = { ...scope, properties: { ...scope.properties, port: 81 } };
    expect(render(template)).toMatch(/^[0-9a-f]{40}$/);
    expect(render(template)).toBe(render(template));
    expect(renderTemplate(template, other)).not.toBe(render(template));
  });

  it("leaves text without tags as it is", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!text.includes("<%"));
        expect(render(text)).toBe(text);
      }),
    );
  });
});
