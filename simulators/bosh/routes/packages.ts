import { bodyText, type HttpReply } from "../../kernel/index.ts";
import { YamlError } from "../templates/yaml-errors.ts";
import { readYaml } from "../templates/yaml.ts";
import { isHash } from "../configs/fields.ts";
import { Unforeseen } from "../wire/bodies.ts";
import type { RequestContext } from "../wire/context.ts";
import { DirectorError } from "../wire/errors.ts";
import { htmlJson } from "../wire/replies.ts";
import { type DirectorRoute, route } from "../wire/route.ts";

/** @throws Unforeseen for malformed YAML */
function parseYaml(text: string): unknown {
  try {
    return readYaml(text);
  } catch (error) {
    if (error instanceof YamlError) throw new Unforeseen();
    throw error;
  }
}

/** Fingerprints of a manifest's packages that the director already has. @throws DirectorError 440001 */
function listMatches({ director, request }: RequestContext, list: "packages" | "compiled_packages"): HttpReply {
  const manifest = parseYaml(bodyText(request));
  const packages = isHash(manifest) ? manifest[list] : undefined;
  if (!Array.isArray(packages)) throw new DirectorError(440001, "Manifest doesn't have a usable packages section");
  if (!packages.every(isHash)) throw new Unforeseen();
  const known = [...director.slot.value.releases.values()].flat();
  const sources = new Set(
    known.flatMap((release) => release.packages.flatMap((each) => (each.packaging === null ? [] : [each.fingerprint]))),
  );
  const compiled = new Set(known.flatMap((release) => [...release.compiled.keys()]));
  const isKnown = ({ fingerprint, stemcell }: Readonly<Record<string, unknown>>): boolean =>
    list === "packages" ? sources.has(String(fingerprint)) : compiled.has(`${String(fingerprint)}:${String(stemcell)}`);
  return htmlJson(
    200,
    packages.filter(isKnown).map(({ fingerprint }) => fingerprint),
  );
}

/** The routes of /packages. */
export const PACKAGES: readonly DirectorRoute[] = [
  route("POST", "/packages/matches", { media: ["text/yaml"] }, (context) => listMatches(context, "packages")),
  route("POST", "/packages/matches_compiled", { media: ["text/yaml"] }, (context) =>
    listMatches(context, "compiled_packages"),
  ),
];
