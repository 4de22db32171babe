// The licences of what is compiled into the site, as a text: each one once, below what it covers.
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { ROOT } from "./run.mjs";

/** The features of all binaries together. */
const FEATURES = "ui,python,relaxed-simd";
const LICENCES = path.join(ROOT, "scripts", "licences");
const TARGET = "wasm32-unknown-unknown";
const LICENCE_FILE = /^(licen[cs]e|copying|notice|unlicense)/i;
/** What of each licence's text no other one has. Where a package offers several, the first one here is taken. */
const MARKS = new Map([
  ["MIT", "Permission is hereby granted, free of charge, to any person obtaining a copy of this software and"],
  ["Zlib", "This software is provided 'as-is', without any express or implied"],
  ["BSL-1.0", "Boost Software License"],
  ["Unicode-3.0", "UNICODE LICENSE V3"],
  // Later versions of the same data come under the one above.
  ["Unicode-DFS-2016", "UNICODE LICENSE V3"],
  ["Apache-2.0", "TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION"],
]);
/** What is in the site and no package of cargo's. */
const OTHERS = [
  { title: "the standard library of Rust", text: () => mit("the Rust Project Contributors") },
  { title: "parts of torchvision's blocks, written anew", text: () => read(path.join(LICENCES, "torchvision.txt")) },
];

/** The text. Throws where a package has a licence that nobody has looked at. */
export function notices() {
  const covered = new Map();
  const cover = (text, title) => covered.set(text, [...(covered.get(text) ?? []), title]);
  for (const entry of shippedPackages()) for (const text of licenceTexts(entry)) cover(text, `${entry.name} ${entry.version}`);
  for (const { title, text } of OTHERS) cover(text(), title);
  const parts = [...covered].map(([text, titles]) => `${titles.join(", ")}\n\n${text}\n`);
  return ["Convscope is built with these, each under the licence below it.\n", ...parts].join(`\n${"-".repeat(80)}\n\n`);
}

/** The texts of the licences that a package is used under. */
function licenceTexts({ name, version, license, authors, manifest_path: manifest }) {
  const folder = path.dirname(manifest);
  const texts = readdirSync(folder).filter((file) => LICENCE_FILE.test(file)).sort().map((file) => read(path.join(folder, file)));
  return (license ?? "").split(" AND ").map((clause) => {
    const offered = clause.replace(/[()]/g, "").split(/ OR |\//);
    const chosen = [...MARKS.keys()].find((licence) => offered.includes(licence));
    const found = texts.find((text) => text.replaceAll(/\s+/g, " ").includes(MARKS.get(chosen)));
    if (found) return found;
    // Some packages name a licence without its text.
    if (chosen === "Unicode-DFS-2016") return read(path.join(LICENCES, "unicode.txt"));
    if (chosen === "MIT") return mit(authors.length > 0 ? authors.map((author) => author.replace(/ *<.*>/, "")).join(", ") : `the authors of ${name}`);
    throw new Error(`scripts/notices.mjs: ${name} ${version} has no text of ${chosen ?? license} that is known here`);
  });
}

function mit(holders) {
  return `Copyright (c) ${holders}\n\n${read(path.join(ROOT, "LICENSE-MIT")).replace(/^[^]*?(?=Permission is hereby)/, "")}`;
}

function read(file) {
  return readFileSync(file, "utf8").replaceAll("\r\n", "\n").trim();
}

/** What cargo compiles into one of the binaries, without macros and build scripts, by name. */
function shippedPackages() {
  const options = ["metadata", "--format-version", "1", "--locked", "--filter-platform", TARGET, "--no-default-features", "--features", FEATURES];
  const metadata = JSON.parse(execFileSync("cargo", options, { cwd: ROOT, encoding: "utf8", maxBuffer: 1e9 }));
  const packages = new Map(metadata.packages.map((entry) => [entry.id, entry]));
  const nodes = new Map(metadata.resolve.nodes.map((node) => [node.id, node]));
  const reached = new Set([metadata.resolve.root]);
  for (const id of reached) {
    const normal = nodes.get(id).deps.filter(({ dep_kinds: kinds }) => kinds.some(({ kind }) => kind === null));
    for (const { pkg } of normal) if (!isMacro(packages.get(pkg))) reached.add(pkg);
  }
  const own = new Set(metadata.workspace_members);
  const shipped = [...reached].filter((id) => !own.has(id)).map((id) => packages.get(id));
  return shipped.sort((one, other) => compare(one.name, other.name) || compare(one.version, other.version));
}

function isMacro({ targets }) {
  return targets.some(({ kind }) => kind.includes("proc-macro"));
}

function compare(one, other) {
  return one < other ? -1 : Number(one > other);
}
