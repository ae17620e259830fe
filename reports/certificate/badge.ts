import { levelInWords } from "./explain.ts";
import type { Certificate } from "./statement.ts";
import { element, escapeText } from "../xml.ts";

const LABEL = "drydock";
/** Average width of a character in the badge's typeface, and the space on either side of a text, in pixels. */
const CHARACTER_PX = 6.6;
const PADDING_PX = 7;

const GREEN = "#2f7d32";
const AMBER = "#8a6100";
const RED = "#b3261e";

/** The text of a badge, and its colour. White on each of these colours has a contrast of more than 4.5 to 1. */
function messageOf({ outcome, levels, waivers }: Certificate): { readonly text: string; readonly colour: string } {
  const shown = levels.filter(({ level }) => level !== "none").map(levelInWords);
  if (outcome === "part") return { text: "not certified", colour: RED };
  if (outcome === "not-conformant") return { text: "not conformant", colour: RED };
  if (outcome === "not-determined" || shown.length === 0) return { text: "not determined", colour: AMBER };
  return { text: shown.join(" · "), colour: waivers.length > 0 ? AMBER : GREEN };
}

const widthOf = (text: string): number => Math.ceil(text.length * CHARACTER_PX + 2 * PADDING_PX);

/** A text between two edges, stretched to its measured width, whatever typeface the reader has. */
const word = (content: string, from: number, width: number): string =>
  element("text", { x: from + width / 2, y: 14, textLength: width - 2 * PADDING_PX }, [escapeText(content)]);

/** `badge.svg`: the levels of a certificate; the title holds the day on which it ends. */
export function badgeSvg(certified: Certificate): string {
  const { text, colour } = messageOf(certified);
  const [left, right] = [widthOf(LABEL), widthOf(text)];
  const height = 20;
  const title = `${LABEL}: ${text}, until ${certified.validUntil.slice(0, 10)}`;
  const boxes = [
    element("rect", { width: left, height, fill: "#444" }),
    element("rect", { x: left, width: right, height, fill: colour }),
  ];
  const words = [word(LABEL, 0, left), word(text, left, right)];
  const typeface = { "text-anchor": "middle", "font-family": "Verdana,DejaVu Sans,sans-serif", "font-size": 11 };
  const root = { xmlns: "http://www.w3.org/2000/svg", width: left + right, height, role: "img", "aria-label": title };
  const parts = [
    element("title", {}, [escapeText(title)]),
    ...boxes,
    element("g", { fill: "#fff", ...typeface }, words),
  ];
  return `${element("svg", root, parts)}\n`;
}
