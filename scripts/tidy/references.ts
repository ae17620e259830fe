import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, posix } from "node:path";

/** A text of the repository: a document or a source. */
export interface Text {
  /** Relative to the root of the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

interface SourceText extends Text {
  /** Whether its strings may name what does not exist: in a test, only the comments are read. */
  readonly isTest: boolean;
}

/** Where references are followed. */
interface Repository {
  readonly documents: readonly Text[];
  readonly sources: readonly SourceText[];
  /** Whether a file or folder exists, by its path from the root. */
  readonly has: (path: string) => boolean;
}

interface DeadReference {
  /** The file that refers. */
  readonly path: string;
  /** The reference, as written there. */
  readonly reference: string;
}

/** Documents of the Open Service Broker specification, which sources may name although they are not in this repository. */
const SPECIFICATION = /^(?:spec|profile|release-notes)\.md$/;

/** The test that plants dead references in order to find them. */
const PLANTED = "scripts/tidy/references.test.ts";

/** A page of this repository by its path from the root. */
const PAGE = /(?<![\w/.-])(?:docs|decisions)\/[\w./-]+\.md\b/g;
/** A page and the headings that are cited from it, one or several: `docs/glossary.md, "The broker" and "Conformance"`. */
const CITATION = /(?<![\w/.-])((?:docs|decisions)\/[\w./-]+\.md)`?(, "[^"\n]+"(?:(?:,| and|, and) "[^"\n]+")*)/g;
/** A decision by its number alone. */
const DECISION = /(?<![\w/.-])decisions\/(\d{4})\b(?!-)/g;
/** Any document that a comment names. */
const NAMED = /(?<![\w/.-])[\w/.-]*\w\.md\b/g;
/** Sections of documents that were never in this repository, with or without the document's name. */
const OLD_STYLE = /\b(?:contract|\w+\.md|\w+\.yaml)[,:]?\s+§[\d.]*|\((?:see )?§[\d.]*/g;

/** `](target "title")`, images included, and `[label]: target`. */
const LINK = /\]\(\s*<?([^)\s>]*)>?(?:\s+["'(][^)]*)?\)|^ {0,3}\[[^\]]+\]:\s+<?([^\s>]+)>?/gm;
const FENCE = /^ *(```|~~~)[^\n]*\n[\s\S]*?^ *\1[`~]*\s*$/gm;
const INLINE_CODE = /(`+)(?!`)[^\n]*?[^`]\1(?!`)/g;
/** A block comment, or line comments that follow each other. */
const COMMENT = /\/\*[\s\S]*?\*\/|(?:(?<=^|\s)\/\/.*(?:\n\s*(?=\/\/)|$))+/gm;
const LINE_ANCHOR = /^L\d+(?:-L\d+)?$/;

/** Reads every Markdown document of the repository, dot folders aside, in the order of their paths. Reads the working directory. */
function readDocuments(): Text[] {
  return globSync("**/*.md", { exclude: ["**/node_modules"] })
    .map((path) => path.replaceAll("\\", "/"))
    .sort()
    .map((path) => ({ path, text: readFileSync(path, "utf8") }));
}

/** The repository in the working directory, with these sources except the one that plants dead references. */
export function readRepository(sources: readonly SourceText[]): Repository {
  return { documents: readDocuments(), sources: sources.filter(({ path }) => path !== PLANTED), has: existsSync };
}

/** The comments of a TypeScript source, each on one line, without their stars. */
export function commentsOf(text: string): string {
  const comments = text.match(COMMENT) ?? [];
  return comments.map((comment) => comment.replaceAll(/\s*\n\s*(?:\*(?!\/)|\/\/)?\s*/g, " ")).join("\n");
}

/** The headings of a document, in order, without the marks of code, emphasis and links. */
export function headingsOf(text: string): string[] {
  const lines = text.replaceAll(FENCE, "").split("\n");
  return lines.flatMap((line, at) => {
    const [, heading] = /^ {0,3}#{1,6}[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$/.exec(line) ?? [];
    if (heading !== undefined) return plain(heading);
    const isUnderlined = line.trim() !== "" && /^ {0,3}(?:=+|-{2,})\s*$/.test(lines[at + 1] ?? "");
    return isUnderlined && !/^\s*(?:[|>#*+-]|=+$|\d+\.)/.test(line) ? plain(line.trim()) : [];
  });
}

function plain(heading: string): string {
  return heading
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll(/<[^>]+>/g, "")
    .replaceAll(/[`*]/g, "")
    .trim();
}

/** The anchors of a document as GitHub makes them: from its headings, with `-1`, `-2` for repetitions, and from HTML ids. */
export function anchorsOf(text: string): Set<string> {
  const anchors = new Set([...text.matchAll(/<a\s[^>]*?(?:id|name)="([^"]+)"/g)].map(([, id = ""]) => id));
  for (const heading of headingsOf(text)) {
    const slug = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, "")
      .replaceAll(" ", "-");
    let anchor = slug;
    for (let copy = 1; anchors.has(anchor); copy += 1) anchor = `${slug}-${copy}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** Finds every reference that leads nowhere, to a page, a heading, a decision or a link's target: in documents first, then in sources. */
export function findDeadReferences(repository: Repository): DeadReference[] {
  const pages = new Map(repository.documents.map(({ path, text }) => [path, text]));
  const found = [
    ...repository.documents.flatMap(({ path, text }) => [
      ...findDeadCitations(repository, pages, { path, text: text.replaceAll(/\s*\n\s*/g, " ") }),
      ...findOldStyle({ path, text }),
      ...findDeadLinks(repository, pages, { path, text }),
    ]),
    ...repository.sources.flatMap(({ path, text, isTest }) => {
      const comments = { path, text: commentsOf(text) };
      return [
        ...findDeadCitations(repository, pages, comments),
        ...(isTest ? [] : findDeadCitations(repository, pages, { path, text: withoutComments(text) })),
        ...findOldStyle(comments),
        ...findDeadNames(repository, comments),
      ];
    }),
  ];
  return [...new Map(found.map((each) => [`${each.path} ${each.reference}`, each])).values()];
}

function withoutComments(text: string): string {
  return text.replaceAll(COMMENT, "");
}

function findDeadCitations(repository: Repository, pages: ReadonlyMap<string, string>, from: Text): DeadReference[] {
  const { documents, has } = repository;
  const missing = [...from.text.matchAll(PAGE)].map(([page]) => page).filter((page) => !has(page));
  const decisions = [...from.text.matchAll(DECISION)]
    .map(([decision]) => decision)
    .filter((decision) => !documents.some(({ path }) => path.startsWith(`${decision}-`)));
  const headings = [...from.text.matchAll(CITATION)].flatMap(([, page = "", cited = ""]) => {
    const known = new Set(headingsOf(pages.get(page) ?? ""));
    const names = [...cited.matchAll(/"([^"]+)"/g)].map(([, name = ""]) => name);
    return names.filter((name) => pages.has(page) && !known.has(name)).map((name) => `${page}, "${name}"`);
  });
  return toDead(from, [...missing, ...decisions, ...headings]);
}

function findOldStyle(from: Text): DeadReference[] {
  const sections = [...from.text.matchAll(OLD_STYLE)].map(([reference]) => reference);
  return toDead(from, sections);
}

/**
 * Documents that a comment names by something shorter than their path from the root: by the path from the source, or by a name that several
 * documents have.
 */
function findDeadNames({ documents, has }: Repository, from: Text): DeadReference[] {
  const names = [...from.text.matchAll(NAMED)].map(([name]) => name);
  const isCalled = (name: string) => documents.some(({ path }) => path.endsWith(`/${name}`) && !name.includes("/"));
  const isHere = (name: string) => has(name) || has(posix.join(dirname(from.path), name)) || isCalled(name);
  return toDead(
    from,
    names.filter((name) => !SPECIFICATION.test(name) && !isHere(name)),
  );
}

function findDeadLinks({ has }: Repository, pages: ReadonlyMap<string, string>, from: Text): DeadReference[] {
  const text = from.text.replaceAll(FENCE, "").replaceAll(INLINE_CODE, "code");
  const targets = [...text.matchAll(LINK)].map(([, inline, defined]) => inline ?? defined ?? "");
  const isElsewhere = (target: string) => /^(?:[a-z][a-z\d+.-]*:|\/\/)/i.test(target);
  return toDead(
    from,
    targets.filter((target) => !isElsewhere(target) && !leadsSomewhere(has, pages, from, decode(target))),
  );
}

function leadsSomewhere(
  has: Repository["has"],
  pages: ReadonlyMap<string, string>,
  from: Text,
  target: string,
): boolean {
  const [, file = "", anchor] = /^([^#?]*)(?:\?[^#]*)?(?:#(.*))?$/.exec(target) ?? [];
  const path = file === "" ? from.path : posix.join(file.startsWith("/") ? "." : dirname(from.path), file);
  if (path.startsWith("../") || (file !== "" && !has(path))) return false;
  if (anchor === undefined) return file !== "";
  const page = pages.get(path) ?? pages.get(posix.join(path, "README.md"));
  if (page === undefined) return LINE_ANCHOR.test(anchor);
  return anchor === "" || anchorsOf(page).has(anchor);
}

/** Decodes percent escapes; a target whose escapes are not UTF-8 stays as it is. */
function decode(target: string): string {
  try {
    return decodeURIComponent(target);
  } catch {
    return target;
  }
}

function toDead({ path }: Text, references: readonly string[]): DeadReference[] {
  return references.map((reference) => ({ path, reference }));
}
