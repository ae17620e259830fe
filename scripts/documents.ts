import { posix } from "node:path";

export interface Link {
  /** As written. */
  readonly target: string;
  /** Path of what it leads to, from the root; undefined for another site. */
  readonly path?: string;
  /** Of a heading, without its `#`. */
  readonly fragment?: string;
}

/** Markdown without its code, in which nothing is a link. */
function prose(text: string): string {
  return text.replaceAll(/^(`{3,}|~{3,})[^\n]*\n[\s\S]*?^\1[^\n]*$/gm, "").replaceAll(/(`+)[^`][\s\S]*?\1/g, "");
}

const INLINE = /\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g;
const REFERENCE = /^\[[^\]]+\]:\s*<?(\S+?)>?(?:\s+"[^"]*")?\s*$/gm;

/** The links of a document that lies at `file`. */
export function linksOf(file: string, text: string): readonly Link[] {
  const bare = prose(text);
  return [...bare.matchAll(INLINE), ...bare.matchAll(REFERENCE)].map(([, target = ""]) => {
    if (/^[a-z][a-z+.-]*:/i.test(target)) return { target };
    const [path = "", fragment] = target.split("#");
    const from = path.startsWith("/") ? path.slice(1) : posix.join(posix.dirname(file), decodeURIComponent(path));
    return {
      target,
      path: path === "" ? file : posix.normalize(from).replace(/\/$/, ""),
      ...(fragment && { fragment }),
    };
  });
}

/** Ids of the headings of a document, as GitHub makes them. */
export function headingsOf(text: string): ReadonlySet<string> {
  const headings = [...text.replaceAll(/^```[\s\S]*?^```/gm, "").matchAll(/^#+\s+(.+)$/gm)];
  return new Set(
    headings.map(([, title = ""]) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
        .trim()
        .replaceAll(/\s/g, "-"),
    ),
  );
}

/** Relative links that lead nowhere among `files`, a list of paths from the root; a folder is there when something lies in it. */
export function deadLinks(files: readonly string[], read: (file: string) => string): readonly string[] {
  const there = new Set(
    files.flatMap((file) => file.split("/").map((_, at, parts) => parts.slice(0, at + 1).join("/"))),
  );
  return files
    .filter((file) => file.endsWith(".md"))
    .flatMap((file) =>
      linksOf(file, read(file)).flatMap(({ target, path, fragment }) => {
        if (path === undefined) return [];
        if (!there.has(path)) return [`${file}: ${target}`];
        const isHeading = fragment === undefined || !path.endsWith(".md") || headingsOf(read(path)).has(fragment);
        return isHeading ? [] : [`${file}: ${target}: no such heading`];
      }),
    );
}
