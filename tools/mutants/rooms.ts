/** Which files a hunt weakens: those that check, and those whose steps others rely on. */

export interface Room {
  readonly name: string;
  /** Folders end with a slash and hold all below them; tests are never among them. */
  readonly files: readonly string[];
  readonly without?: readonly string[];
}

/** In the order in which they are attacked: what a forger meets first. */
export const rooms: readonly Room[] = [
  { name: "proxy", files: ["apps/proxy/src/"], without: ["main.ts", "dataDirectory.ts"] },
  { name: "ledger", files: ["packages/ledger/src/"] },
  // ceiling.ts checks nothing: it is what benchmarks compare with.
  { name: "suite", files: ["packages/crypto/src/"], without: ["ceiling.ts"] },
  {
    name: "client",
    files: [
      "packages/client/src/proofs/",
      "packages/client/src/certificates.ts",
      "packages/client/src/doctor/askProxies.ts",
      "packages/client/src/doctor/openGranted.ts",
      "packages/client/src/doctor/openUnderIntent.ts",
      "packages/client/src/doctor/prepareOpening.ts",
      "packages/client/src/grantOnChain.ts",
      "packages/client/src/patient/confirm.ts",
      "packages/client/src/patient/denials.ts",
      "packages/client/src/patient/proofFile.ts",
      "packages/client/src/people.ts",
      "packages/client/src/knownPeople.ts",
      "packages/client/src/recordVersion.ts",
      "packages/client/src/storedObject.ts",
    ],
  },
  { name: "vault", files: ["apps/vault/src/"], without: ["main.ts", "dataDirectory.ts"] },
  { name: "registry", files: ["apps/registry/src/"], without: ["main.ts", "dataDirectory.ts"] },
];

/** A room's files among `paths`. */
export function filesOf({ files, without = [] }: Room, paths: readonly string[]): string[] {
  return paths.filter(
    (path) =>
      path.endsWith(".ts") &&
      !path.endsWith(".test.ts") &&
      !path.endsWith("/index.ts") &&
      files.some((file) => (file.endsWith("/") ? path.startsWith(file) : path === file)) &&
      !without.some((name) => path.endsWith(`/${name}`)),
  );
}
