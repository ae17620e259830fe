import { own } from "../../../kernel/index.ts";
import { badRequest } from "./errors.ts";

/** `{'c':'3'}`, as Python prints a dict; what can't be read matches nothing. */
export function metadataFilter(metadata: Readonly<Record<string, string>>, text: string): boolean {
  const pairs = [...text.matchAll(/['"]([^'"]*)['"]\s*:\s*['"]([^'"]*)['"]/g)];
  return pairs.length > 0 && pairs.every(([, key = "", value]) => own(metadata, key) === value);
}

/** `gt:2000-01-01T00:00:00`, several by comma (3.60). @throws Refusal 400 */
export function timeFilter(ms: number | null, text: string): boolean {
  return text.split(",").every((part) => {
    const at = part.indexOf(":");
    const operator = part.slice(0, at);
    const isOperator = ["gt", "gte", "lt", "lte", "eq", "neq"].includes(operator);
    const value = isOperator ? part.slice(at + 1) : part;
    const wanted = Date.parse(/Z$|[+-]\d\d:?\d\d$/.test(value) ? value : `${value}Z`);
    if (Number.isNaN(wanted)) throw badRequest(`Invalid ${value} value`);
    return compares(Math.floor((ms ?? 0) / 1000) * 1000 - wanted, isOperator ? operator : "eq");
  });
}

const compares = (difference: number, operator: string): boolean => {
  if (operator === "gt") return difference > 0;
  if (operator === "gte") return difference >= 0;
  if (operator === "lt") return difference < 0;
  if (operator === "lte") return difference <= 0;
  return operator === "neq" ? difference !== 0 : difference === 0;
};
