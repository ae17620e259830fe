import { isoSeconds, type HttpReply, json } from "../../kernel/index.ts";
import type { RequestContext } from "../wire/context.ts";
import { type DirectorRoute, route } from "../wire/route.ts";

const DAY_MS = 86_400_000;

const listCertificates = ({ director }: RequestContext): HttpReply =>
  json(
    200,
    (director.options.certificates ?? []).map(({ path, expiryMs }) => ({
      certificate_path: path,
      expiry: isoSeconds(expiryMs),
      days_left: Math.floor((expiryMs - director.kernel.nowMs) / DAY_MS),
    })),
  );

/** The routes of /director. */
export const DIRECTOR: readonly DirectorRoute[] = [
  route("GET", "/director/certificate_expiry", { needs: "read" }, listCertificates),
];
