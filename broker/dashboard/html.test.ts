import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { setCookie, readCookie } from "./cookies.ts";
import { Html, html } from "./html.ts";

describe("a page", () => {
  test.prop([fc.string({ unit: fc.constantFrom("<", ">", '"', "'", "&", "a", ";") })])(
    "shows any text as text, in content and in attributes",
    (text) => {
      const { text: markup } = html`<p title="${text}">${text}</p>`;
      const inner = markup.slice('<p title="'.length, -"</p>".length);
      expect(inner.replace('">', "")).not.toMatch(/[<>"']/);
      const plain = inner
        .replaceAll("&lt;", "<")
        .replaceAll("&gt;", ">")
        .replaceAll("&quot;", '"')
        .replaceAll("&#39;", "'");
      expect(plain.replaceAll("&amp;", "&")).toBe(`${text}">${text}`);
    },
  );

  it("keeps markup as it is, and leaves out absent values", () => {
    expect(html`${new Html("<b>")}${undefined}${false}${[new Html("<i>"), new Html("<u>")]}${0}`.text).toBe(
      "<b><i><u>0",
    );
  });
});

describe("a cookie", () => {
  test.prop([fc.stringMatching(/^[\w-]{1,40}$/), fc.array(fc.stringMatching(/^[\w-]{1,8}=[\w-]{0,8}$/))])(
    "is found among others",
    (value, others) => {
      const own = setCookie("drydock_session", value, 5).split(";")[0] ?? "";
      const rest = others.filter((each) => !each.startsWith("drydock_session="));
      expect(readCookie([...rest, own].join("; "), "drydock_session")).toBe(value);
      expect(readCookie(rest.join("; "), "drydock_session")).toBeUndefined();
    },
  );
});
