import type { ServerCertificate } from "../../../data/plane.ts";
import { fail, notApplicable, type Outcome, pass } from "../../../runner/check.ts";
import type { Tenant } from "../../tenants/tenants.ts";
import type { IsolationContext } from "../context.ts";
import { isolationCheck } from "../plan.ts";

const PRIVATE_KEY = /-----BEGIN ([A-Z]+ )*PRIVATE KEY-----/;

/**
 * Whether a certificate is valid for a host, as a client decides it: a wildcard stands for one whole label,
 * the first (RFC 9525, section 6.3).
 */
function standsFor({ names }: ServerCertificate, host: string): boolean {
  const wanted = host.toLowerCase();
  const [, ...parents] = wanted.split(".");
  return names.some((name) => [wanted, ["*", ...parents].join(".")].includes(name.toLowerCase()));
}

/** A certificate of one instance must not be valid for another, and its key must not be shown to anybody. */
async function judgeCertificates(context: IsolationContext): Promise<Outcome> {
  const offer = await context.requireUsableOffer();
  const { plane } = context.recorder;
  if (plane.certificate === undefined) return notApplicable("nobody can see the certificates of the services");
  const pair: readonly [Tenant, Tenant] = [await context.tenant(offer), await context.tenant(offer)];
  const [a, b] = pair;
  for (const { bound } of pair)
    if (PRIVATE_KEY.test(Buffer.from(bound.bytes).toString("utf8").replaceAll("\\n", "\n")))
      return fail("the key of a server not to be in a binding", "a private key", bound);
  const [own, other] = [
    await plane.certificate(a.access.login, "application"),
    await plane.certificate(b.access.login, "application"),
  ];
  if (own === undefined || other === undefined)
    return notApplicable("the services speak without TLS", a.bound, b.bound);
  const [hostA, hostB] = [a.access.login.host, b.access.login.host];
  if (hostA === hostB) return notApplicable("all instances share one host", a.bound, b.bound);
  if (own.key === other.key)
    return fail("each instance to have a key of its own", "two instances show the same one", a.bound, b.bound);
  for (const [shown, foreign, of] of [
    [own, hostB, hostA],
    [other, hostA, hostB],
  ] as const)
    if (standsFor(shown, foreign))
      return fail(
        "a certificate to stand for one instance",
        `that of ${of} (${shown.names.join(", ")}) stands for ${foreign} as well`,
        a.bound,
        b.bound,
      );
  return { ...pass(a.bound, b.bound), reason: `they stand for ${own.names.join(", ")} and ${other.names.join(", ")}` };
}

/** IS-29: a certificate stands for one instance. */
export const certificatesCheck = isolationCheck("IS-29", {
  requirement:
    "The certificate of an instance does not stand for another one, no other instance has its key, and no binding holds the key.",
  instances: 2,
  run: judgeCertificates,
});
