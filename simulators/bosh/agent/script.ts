/** How a script ended. */
interface ScriptResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** How long it slept, ms. */
  readonly sleptMs: number;
  /** What `bash -x` would have traced, interleaved with standard error. */
  readonly trace: string;
}

const SLEEP_MS_MAX = 24 * 3_600_000;

/**
 * Runs a script of an agent as far as it is simulated: `echo`, `sleep` and `exit`; every other command is taken to succeed
 * without output.
 */
export function runScript(text: string): ScriptResult {
  let [stdout, stderr, trace, sleptMs] = ["", "", "", 0];
  for (const line of text.split("\n").map((each) => each.trim())) {
    if (line === "" || line.startsWith("#")) continue;
    const echo = /^echo\s+(.*?)\s*(>&2)?$/.exec(line);
    trace += `+ ${echo === null ? line : `echo ${echo[1] ?? ""}`}\n`;
    if (echo !== null) {
      const said = `${(echo[1] ?? "").replace(/^(['"])(.*)\1$/, "$2")}\n`;
      if (echo[2] === undefined) stdout += said;
      else {
        stderr += said;
        trace += said;
      }
    }
    const sleep = /^sleep\s+([\d.]+)/.exec(line);
    if (sleep !== null) sleptMs += Math.min(SLEEP_MS_MAX, Number(sleep[1]) * 1000);
    const exit = /^exit\s+(\d+)/.exec(line);
    if (exit !== null) return { exitCode: Number(exit[1]) % 256, stdout, stderr, trace, sleptMs };
  }
  return { exitCode: 0, stdout, stderr, trace, sleptMs };
}
