import { fail, notApplicable, type Outcome, pass } from "../../runner/check.ts";
import type { OsbContext } from "../context.ts";

/** Hosts that only this machine, or a network without a public name, can reach. */
const LOCAL_HOST = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$|\.(localhost|local|internal|test|consul)$/;

const isLocal = (url: string): boolean => LOCAL_HOST.test(URL.parse(url)?.hostname ?? "");

/** TLS, except for a broker on a private network. */
export function judgeEncryption({ platform, run }: OsbContext): Outcome {
  const { url } = platform.settings.target;
  if (isLocal(url)) return notApplicable("a broker on this machine or a network of its own", run.catalog);
  return url.startsWith("http:") ? fail("https", "http", run.catalog) : pass(run.catalog);
}
