import { openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { devNull } from "node:os";
import { WASI } from "node:wasi";
import { type MessagePort, workerData } from "node:worker_threads";
import { RUBY_CONTEXT } from "./ruby-context.ts";
import { RUBY_HANDLER } from "./ruby-handler.ts";
import { RUBY_LIBRARY } from "./ruby-library.ts";

/*
 * A thread that runs CRuby as WebAssembly. It has no files, no network and no environment; its clock stands
 * still and its entropy is a fixed sequence, so that a template always renders alike.
 */

/** The parts of the platform's WebAssembly that are used here; its types belong to browsers. */
declare const WebAssembly: { compile(bytes: Uint8Array): Promise<object> };

interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

interface Setup {
  readonly port: MessagePort;
  /** Counts the answers; the caller waits for it to change. */
  readonly answered: Int32Array<SharedArrayBuffer>;
}

/** The moment at which all templates are rendered: 2026-01-01T00:00:00Z, in ns. */
const NOW_NS = 1_767_225_600_000_000_000n;

/** The functions of WASI that would expose the machine's clock and entropy. */
function sealedImports(wasi: WASI, memory: () => WasmMemory): object {
  let drawn = 1;
  return {
    ...wasi.wasiImport,
    clock_time_get: (_id: number, _precision: bigint, at: number): number => {
      new DataView(memory().buffer).setBigUint64(at, NOW_NS, true);
      return 0;
    },
    random_get: (at: number, length: number): number => {
      const bytes = new Uint8Array(memory().buffer, at, length);
      for (const index of bytes.keys()) {
        drawn = (Math.imul(drawn, 1_664_525) + 1_013_904_223) >>> 0;
        bytes[index] = drawn >>> 24;
      }
      return 0;
    },
  };
}

/** Starts Ruby. The returned function hands it a request, and returns the answer. */
async function startRuby(): Promise<(request: string) => string> {
  const require = createRequire(import.meta.url);
  const { RubyVM } = await import("@ruby/wasm-wasi");
  const module = await WebAssembly.compile(
    await readFile(require.resolve("@ruby/4.0-wasm-wasi/dist/ruby+stdlib.wasm")),
  );
  // When it crashes, for example by endless recursion, it prints pages of diagnostics.
  const stderr = openSync(devNull, "w");
  const wasi = new WASI({ version: "preview1", returnOnExit: true, env: {}, args: [], stderr });
  let memory: WasmMemory | undefined;
  const requireMemory = (): WasmMemory => {
    if (memory === undefined) throw new Error("Ruby has no memory yet");
    return memory;
  };
  const { vm } = await RubyVM.instantiateModule({
    module,
    wasip1: {
      wasiImport: sealedImports(wasi, requireMemory),
      initialize: (instance: object) => wasi.initialize(instance),
    },
    setMemory: (given: WasmMemory) => (memory = given),
  });
  vm.eval(RUBY_LIBRARY);
  vm.eval(RUBY_CONTEXT);
  vm.eval(RUBY_HANDLER);
  const handler = vm.eval("Drydock.method(:handle)");
  return (request) => handler.call("call", vm.wrap(request).call("to_s")).toString();
}

const { port, answered }: Setup = workerData;

const answer = (text: string): void => {
  port.postMessage(text);
  Atomics.add(answered, 0, 1);
  Atomics.notify(answered, 0);
};

try {
  const handle = await startRuby();
  port.on("message", (request: string) => {
    try {
      answer(handle(request));
    } catch (error) {
      answer(JSON.stringify({ failure: String(error) }));
    }
  });
  answer(JSON.stringify({ ready: true }));
} catch (error) {
  answer(JSON.stringify({ failure: String(error) }));
}
