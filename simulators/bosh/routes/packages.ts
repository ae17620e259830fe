import { bodyText, type HttpReply } from "../../kernel/index.ts";
import { readYaml, YamlError } from "../templates/yaml.ts";
import { isHash, Unforeseen } from "../wire/bodies.ts";
import type { RequestContext } from "../wire/context.ts";
import { DirectorError } from "../wire/errors.ts";
import { htmlJson } from "../wire/replies.ts";

interface PackageList {
  readonly name?: string;
  readonly fingerprint?: string;
  readonly stemcell?: string;
}

/** @throws Unforeseen for what is no YAML */
function yamlOr500(text: string): unknown {
  try {
    return readYaml(text);
  } catch (error) {
    if (error instanceof YamlError) throw new Unforeseen();
    throw error;
  }
}

/** Fingerprints that need not be uploaded again. @throws DirectorError 440001 */
export function listMatches({ director, request }: RequestContext, list: "packages" | "compiled_packages"): HttpReply {
  const manifest = yamlOr500(bodyText(request));
  const wanted = isHash(manifest) ? manifest[list] : undefined;
  if (!Array.isArray(wanted)) throw new DirectorError(440001, "Manifest doesn't have a usable packages section");
  if (!wanted.every(isHash)) throw new Unforeseen();
  const known = [...director.slot.value.releases.values()].flat();
  const has = ({ fingerprint, stemcell }: PackageList): boolean =>
    list === "packages"
      ? known.some(({ packages }) =>
          packages.some((each) => each.fingerprint === fingerprint && each.packaging !== null),
        )
      : known.some(({ compiled }) => compiled.has(`${fingerprint}:${stemcell}`));
  return htmlJson(
    200,
    (wanted as readonly PackageList[]).filter(has).map(({ fingerprint }) => fingerprint),
  );
}
