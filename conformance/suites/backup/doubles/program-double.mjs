// A vendor's program, as the drivers `exec` and `bbr` run it: it asks the double whose URL is its first argument, and ends with the code that it is given.
import { text } from "node:stream/consumers";

const [url, kind, operation, instance, backup] = process.argv.slice(2);
const input = kind === "exec" ? JSON.parse(await text(process.stdin)) : { instance, backup };
const response = await fetch(url, { method: "POST", body: JSON.stringify({ kind, operation, ...input }) });
const { code, body } = await response.json();
if (body !== undefined) process.stdout.write(`${JSON.stringify(body)}\n`);
process.exitCode = code;
