import type { CheckReport } from "../report.ts";
import { specificationUrl } from "../specification.ts";
import { Evidence } from "./evidence.tsx";

function Comparison({ expected, seen }: { expected?: string | undefined; seen?: string | undefined }) {
  if (expected === undefined && seen === undefined) return null;
  return (
    <div class="comparison">
      {expected !== undefined && (
        <div class="expected">
          <h4>Expected</h4>
          <p>{expected}</p>
        </div>
      )}
      {seen !== undefined && (
        <div class="seen">
          <h4>Seen</h4>
          <p>{seen}</p>
        </div>
      )}
    </div>
  );
}

/** The section by name, and as a link if the specification is public. */
function Section({ check, profile }: { check: CheckReport; profile: string | undefined }) {
  const url = specificationUrl(check, profile);
  return url === undefined ? (
    <>{check.section}</>
  ) : (
    <a href={url} rel="noreferrer">
      {check.section}
    </a>
  );
}

/** The finding that this one follows from, and those that follow from it. */
function Kinship({ check, followers }: { check: CheckReport; followers: readonly CheckReport[] }) {
  return (
    <>
      {check.followsFrom !== undefined && (
        <p class="kinship">
          Follows from <code>{check.followsFrom}</code>
        </p>
      )}
      {followers.length > 0 && (
        <p class="kinship">
          From it follow{" "}
          {followers.map(({ id }) => (
            <code key={id}>{id}</code>
          ))}
        </p>
      )}
    </>
  );
}

interface CheckBodyProps {
  readonly check: CheckReport;
  readonly profile: string | undefined;
  readonly followers: readonly CheckReport[];
}

/** A check unfolded: the requirement, what was expected and seen, what it follows from, the evidence. */
export function CheckBody({ check, profile, followers }: CheckBodyProps) {
  const { requirement, clauses, level, expected, seen, evidence } = check;
  return (
    <div class="body">
      <blockquote>
        <p>{requirement}</p>
        <footer>
          <span class={`level ${level}`}>{level}</span> <Section check={check} profile={profile} />
          {clauses.map((clause) => (
            <code key={clause}>{clause}</code>
          ))}
        </footer>
      </blockquote>
      <Comparison expected={expected} seen={seen} />
      <Kinship check={check} followers={followers} />
      <Evidence exchanges={evidence} />
    </div>
  );
}
