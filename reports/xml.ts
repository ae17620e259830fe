/** The bit of XML that reports need. Whatever a broker answered, the result is a well-formed XML 1.0 document. */

/**
 * The characters that XML 1.0 can't contain, not even escaped: most control characters, lone surrogates,
 * U+FFFE and U+FFFF.
 */
// oxlint-disable-next-line no-control-regex
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu;
const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\t": "&#9;",
  "\n": "&#10;",
  "\r": "&#13;",
};

/** Replaces what XML can't hold by its code point, so that a reader of the report still sees that it was present. */
function holdable(text: string): string {
  return text.replace(NOT_XML, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Text as the content of an element. */
export function escapeText(text: string): string {
  return holdable(text).replace(/[&<>\r]/g, (char) => ENTITIES[char] ?? char);
}

function escapeAttribute(text: string): string {
  return holdable(text).replace(/[&<>"\t\n\r]/g, (char) => ENTITIES[char] ?? char);
}

type Attributes = Readonly<Record<string, string | number | undefined>>;

/** An element; `children` are elements or escaped text. Attributes that are undefined are left out. */
export function element(name: string, attributes: Attributes, children: readonly string[] = []): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escapeAttribute(String(value))}"`)
    .join("");
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join("")}</${name}>`;
}
