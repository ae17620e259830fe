import { bodyText, type HttpReply } from "../../kernel/index.ts";
import { YamlError } from "../templates/yaml-errors.ts";
import { readYaml } from "../templates/yaml.ts";
import { isHash } from "../configs/fields.ts";
import { raiseUnforeseen, Unforeseen } from "../wire/bodies.ts";
import { packMembers } from "../artifacts/blobs.ts";
import { pathParam, type RequestContext } from "../wire/context.ts";
import { DirectorError } from "../wire/errors.ts";
import { htmlJson, htmlText } from "../wire/replies.ts";
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
  // In Ruby, looking up a name in a text gives nil.
  const hashes = packages.flatMap((each: unknown) =>
    typeof each === "string" ? [] : isHash(each) ? [each] : raiseUnforeseen(),
  );
  const versions = director.slot.value.releases.get(String(isHash(manifest) ? manifest.name : ""));
  const own = versions?.find(({ version }) => isHash(manifest) && version === String(manifest.version));
  // A package of an unfinished upload is sent again.
  if (own?.isComplete === false) return htmlJson(200, []);
  const known = [...director.slot.value.releases.values()].flat();
  const sources = new Set(
    known.flatMap((release) => release.packages.flatMap((each) => (each.packaging === null ? [] : [each.fingerprint]))),
  );
  const compiled = new Set(known.flatMap((release) => [...release.compiled.keys()]));
  const isKnown = ({ fingerprint, stemcell }: Readonly<Record<string, unknown>>): boolean =>
    list === "packages" ? sources.has(String(fingerprint)) : compiled.has(`${String(fingerprint)}:${String(stemcell)}`);
  return htmlJson(200, [...new Set(hashes.filter(isKnown).map(({ fingerprint }) => fingerprint))]);
}

/** The archive of a package; that of a compiled package has no compiled contents. */
function sendPackage(context: RequestContext): HttpReply {
  const id = pathParam(context, "id");
  const versions = [...context.director.slot.value.releases.values()].flat();
  const source = versions.flatMap(({ packages }) => packages).find(({ blobId }) => blobId === id);
  const isCompiled = versions.some(({ compiled }) => [...compiled.values()].some(({ blobId }) => blobId === id));
  if (source === undefined && !isCompiled) return htmlText(400, `Package with blobstore id: ${id} does not exist`);
  const files = Object.entries(source?.files ?? {}).map(([name, text]) => ({
    name,
    text,
    encoding: "base64" as const,
  }));
  return {
    status: 200,
    body: packMembers([{ name: "./packaging", text: source?.packaging ?? "" }, ...files]),
    headers: {
      "Content-Type": "application/octet-stream",
      "Content-Disposition": `attachment; filename="package-blob-${id}"`,
    },
  };
}

/** The routes of /packages. */
export const PACKAGES: readonly DirectorRoute[] = [
  route("POST", "/packages/matches", { media: ["text/yaml"] }, (context) => listMatches(context, "packages")),
  route("POST", "/packages/matches_compiled", { media: ["text/yaml"] }, (context) =>
    listMatches(context, "compiled_packages"),
  ),
  route("GET", "/packages/blobs/:id", { needs: "read" }, sendPackage),
];
