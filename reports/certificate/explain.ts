import type { Certificate, ReachedLevel, Resource } from "./statement.ts";
import { cut, noPaint, type Paint, plain } from "../terminal.ts";
import { duration } from "../duration.ts";
import { REFUSALS, type Verification } from "./verify.ts";

const DIGITS = 16;
const LINE_CHARS_MAX = 160;

const WORDS: Readonly<Record<ReachedLevel["suite"], string>> = { osb: "OSB", backup: "backup", isolation: "isolation" };

/** `OSB core`, `backup B1 (provisional until 2027-01-31)`. */
export function levelInWords({ suite, level, provisionalUntil }: ReachedLevel): string {
  return `${WORDS[suite]} ${level}${provisionalUntil === undefined ? "" : ` (provisional until ${provisionalUntil})`}`;
}

const shortDigest = ({ digest }: Pick<Resource, "digest">): string => `sha256:${digest.sha256.slice(0, DIGITS)}…`;

function waiversInWords({ waivers, waiversAllowed }: Certificate): string {
  if (waivers.length === 0) return waiversAllowed ? "none" : "none, and none would have been accepted";
  return waivers.map(({ check, until, reason }) => `${check} until ${until}: ${reason}`).join("; ");
}

function targetInWords({ url, version, image }: Certificate["target"]): string {
  const parts = [url, version && `version ${version}`, image && `${image.name}, ${shortDigest(image)}`];
  return parts.filter((part) => part !== undefined && part !== "").join(", ");
}

function rowsOf(certified: Certificate, subject: readonly Resource[]): readonly (readonly [string, string])[] {
  const { statement, levels, suites, profile, plans, adapters, measured, environment, issuedAt, validUntil } =
    certified;
  const run = measured.find(({ name }) => name === "run");
  const reach = adapters.map(({ suite, name, by }) => `; ${suite} by ${name} (${by})`).join("");
  return [
    ["broker", targetInWords(certified.target)],
    ["result", statement],
    ["levels", levels.map(levelInWords).join(", ")],
    [
      "suites",
      suites.map((each) => `${each.suite} ${each.exercised} of ${each.checks}, ${shortDigest(each)}`).join("; "),
    ],
    ["judged by", `${profile}, ${plans.length} ${plans.length === 1 ? "plan" : "plans"}${reach}`],
    ["waivers", waiversInWords(certified)],
    [
      "made by",
      `${environment.tool}, Node ${environment.node}, ${environment.platform}, in ${duration(run?.value ?? 0)}`,
    ],
    [
      "valid",
      `${issuedAt.slice(0, 10)} to ${validUntil.slice(0, 10)}; of ${subject.map((each) => each.name).join(", ")}`,
    ],
    ["again", certified.commands.join(" ; ")],
  ];
}

/** Explains a certificate in ten lines: whether it holds, or why it is refused, and what it says. */
export function explainCertificate(
  verification: Verification,
  signer: string,
  paint: Paint = noPaint,
): readonly string[] {
  const { refusals, statement, notes } = verification;
  const head =
    refusals.length === 0
      ? [`${paint(["bold", "green"], "✓ holds")}    signed with the Ed25519 key ${signer.slice(0, DIGITS)}…`]
      : refusals.map(
          ({ code, detail }) => `${paint(["bold", "red"], "✗ refused")}  ${REFUSALS[code]}: ${plain(detail)} [${code}]`,
        );
  const rows = statement === undefined ? [] : rowsOf(statement.predicate.drydock_certificate, statement.subject);
  const body = rows.map(
    ([name, text]) =>
      `${paint("dim", name.padEnd(10))} ${name === "again" ? plain(text) : cut(plain(text), LINE_CHARS_MAX)}`,
  );
  return [...head, ...body, ...notes.map((note) => `${paint("dim", "note".padEnd(10))} ${plain(note)}`)];
}
