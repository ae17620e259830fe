import type { Fields } from "./decode.ts";
import { refuseEntry, structIn, textIn, textsIn } from "./fields.ts";
import { checkMeta } from "./validate-meta.ts";

/** What holds for the whole mesh, checked. @throws EntryError */
export function validateMesh(fields: Fields): Fields {
  checkMeta(fields);
  checkMeshTls(fields);
  checkNormalisation(fields);
  return { ...fields, Name: "mesh" };
}

const TLS_VERSIONS = ["TLS_AUTO", "TLSv1_0", "TLSv1_1", "TLSv1_2", "TLSv1_3"];

/** What Envoy offers up to TLS 1.2. */
const CIPHER_SUITES = [
  ...["ECDHE_ECDSA", "ECDHE_RSA"].flatMap((key) => [
    `TLS_${key}_WITH_AES_128_GCM_SHA256`,
    `TLS_${key}_WITH_CHACHA20_POLY1305_SHA256`,
    `TLS_${key}_WITH_AES_128_CBC_SHA`,
    `TLS_${key}_WITH_AES_256_GCM_SHA384`,
    `TLS_${key}_WITH_AES_256_CBC_SHA`,
  ]),
  "TLS_RSA_WITH_AES_128_GCM_SHA256",
  "TLS_RSA_WITH_AES_128_CBC_SHA",
  "TLS_RSA_WITH_AES_256_GCM_SHA384",
  "TLS_RSA_WITH_AES_256_CBC_SHA",
];

const SLASH_ACTIONS = [
  "IMPLEMENTATION_SPECIFIC_DEFAULT",
  "KEEP_UNCHANGED",
  "REJECT_REQUEST",
  "UNESCAPE_AND_REDIRECT",
  "UNESCAPE_AND_FORWARD",
];

/** @throws EntryError for an unknown way to normalise paths */
function checkNormalisation(fields: Fields): void {
  const incoming = structIn(structIn(fields, "HTTP") ?? {}, "Incoming") ?? {};
  const action = textIn(structIn(incoming, "RequestNormalization") ?? {}, "PathWithEscapedSlashesAction");
  if (action !== "" && !SLASH_ACTIONS.includes(action))
    refuseEntry(
      `error in HTTP incoming request normalization configuration: no matching PathWithEscapedSlashesAction value found for ${action}, please specify one of [${SLASH_ACTIONS.join(", ")}]`,
    );
}

function checkMeshTls(fields: Fields): void {
  const tls = structIn(fields, "TLS") ?? {};
  for (const direction of ["Incoming", "Outgoing"] as const) {
    const given = structIn(tls, direction) ?? {};
    for (const version of [textIn(given, "TLSMinVersion"), textIn(given, "TLSMaxVersion")])
      if (version !== "" && !TLS_VERSIONS.includes(version))
        refuseEntry(
          `error in ${direction.toLowerCase()} TLS configuration: no matching TLS version found for ${version}, please specify one of [${TLS_VERSIONS.join(", ")}]`,
        );
    for (const suite of textsIn(given, "CipherSuites"))
      if (!CIPHER_SUITES.includes(suite))
        refuseEntry(
          `error in ${direction.toLowerCase()} TLS configuration: no matching Envoy TLS cipher suite found for ${suite}`,
        );
  }
}
