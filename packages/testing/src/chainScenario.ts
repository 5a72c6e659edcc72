/** Seeded random lives of a chain: slips of nearly every kind, right and wrong, in random blocks. For property tests and golden logs. */
import { fromHex, sha256, utf8 } from "@anamnesis/crypto/verify";
import type { BlockResult } from "@anamnesis/ledger";
import { actions, isReader, pidOf } from "@anamnesis/protocol";
import type { ChainKind, Genesis, Group, Reader } from "@anamnesis/protocol";
import { hospital, makeGenesis } from "./federation.ts";
import {
  gidBytesOf,
  holderOf,
  intentFields,
  openedReader,
  publishFields,
  revokeFields,
  revokerOf,
} from "./grantSlips.ts";
import { bytesOf, keyOf, sealedIdOf } from "./keys.ts";
import { MemberLife, certificateIn, doctors } from "./memberLife.ts";
import { TestChain, certificateFields } from "./testChain.ts";
import type { MadeSlip } from "./testChain.ts";
import { VisitLife } from "./visitLife.ts";
import type { LivedRecord } from "./visitLife.ts";

/** mulberry32: the same numbers for the same seed. Answers whole numbers below `bound`. */
export function seededNumbers(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * bound);
  };
}

const hour = 3_600_000;

export class Scenario {
  readonly chain: TestChain;
  readonly #below: (bound: number) => number;
  readonly #visits: string[] = ["visit 0"];
  readonly #grants: { readonly name: string; readonly reader: Reader }[] = [];
  readonly #requests: MadeSlip[] = [];
  readonly #intents: MadeSlip[] = [];
  readonly #records: LivedRecord[] = [];
  readonly #visitLife: VisitLife;
  readonly #memberLife: MemberLife;
  readonly #past: MadeSlip[] = [];
  #labels = 0;

  constructor(
    seed: number,
    kind: ChainKind,
    params: Partial<Genesis["params"]> = { pageSlips: 7, pageSeconds: 2 },
  ) {
    this.chain = new TestChain(makeGenesis(kind, { params }));
    this.#below = seededNumbers(seed);
    const label = (what: string): string => this.#label(what);
    this.#visitLife = new VisitLife(this.chain, this.#below, label);
    this.#memberLife = new MemberLife(this.chain, this.#below, label);
  }

  /** The next block: up to four groups of up to five slips, up to 1.5 s after the one before. */
  step(): { groups: Group[]; result: BlockResult } {
    const groups = Array.from({ length: this.#below(5) }, () => this.#group());
    const afterMs = this.#below(1500);
    return { groups, result: this.chain.unverifiedBlock(groups, afterMs) };
  }

  #group(): Group {
    const slips = Array.from({ length: 1 + this.#below(5) }, () => this.#slip());
    this.#past.push(...slips);
    const members = this.chain.genesis.members;
    const carrier =
      this.#below(6) === 0 ? members[this.#below(members.length)]!.id : this.chain.genesis.writer;
    return this.chain.group(slips, carrier);
  }

  #slip(): MadeSlip {
    if (this.#below(12) === 0 && this.#past.length > 0) return this.#pick(this.#past);
    if (this.#below(8) === 0) return this.#memberLife.slip();
    return this.chain.genesis.kind === "care" ? this.#careSlip() : this.#consortiumSlip();
  }

  #careSlip(): MadeSlip {
    const { chain } = this;
    const institution = "general-hospital";
    const visit = this.#pick(this.#visits);
    const record = this.#records.length === 0 ? undefined : this.#pick(this.#records);
    const doctor = this.#certified();
    const cert = certificateFields(doctor).fingerprint;
    const pid = fromHex(pidOf(keyOf(visit).publicKey));
    const choice = this.#below(10);
    if (choice === 0) {
      const opened = this.#label("visit");
      this.#visits.push(opened);
      return chain.slip(
        "session.open",
        { institution, key: keyOf(opened).publicKey },
        keyOf(opened),
      );
    }
    if (choice === 6) return this.#visitLife.claim(visit);
    if (choice === 7) {
      const { slip, record: own } = this.#visitLife.own(visit);
      this.#records.push(own);
      return slip;
    }
    if (doctor === "" || record === undefined || choice === 1) {
      if (doctor === "")
        return chain.slip(
          "session.open",
          { institution, key: keyOf(visit).publicKey },
          keyOf(visit),
        );
      const label = this.#label("record");
      const slip = chain.slip(
        "record.submit",
        {
          institution,
          cert,
          pid,
          tag: bytesOf(`tag ${label}`, 16),
          digest: bytesOf(label),
          sealedId: sealedIdOf(label),
        },
        keyOf(doctor),
      );
      this.#records.push({ id: slip.id, visit, label, newest: label });
      return slip;
    }
    if (choice === 8) return this.#visitLife.rewrap(record);
    if (choice === 9) return this.#visitLife.amendForeign(record);
    const of = { pid: fromHex(pidOf(keyOf(record.visit).publicKey)), record: fromHex(record.id) };
    if (choice === 2) {
      const label = this.#label("version");
      const slip = chain.slip(
        "record.amend",
        {
          institution,
          cert,
          ...of,
          tag: bytesOf(`tag ${record.label}`, 16),
          before: bytesOf(record.newest),
          digest: bytesOf(label),
          sealedId: sealedIdOf(label),
        },
        keyOf(doctor),
      );
      if (this.#below(3) > 0) record.newest = label;
      return slip;
    }
    const signer = keyOf(this.#visitLife.signerOf(record.visit));
    const judged = {
      key: signer.publicKey,
      record: of.record,
      digest: bytesOf(record.newest),
    };
    if (choice === 3) return chain.slip("record.confirm", judged, signer);
    if (choice === 4)
      return chain.slip("record.dispute", { ...judged, reason: bytesOf("reason") }, signer);
    return chain.slip(
      "usage.author",
      { institution, cert, ...of, digest: judged.digest },
      keyOf(doctor),
    );
  }

  #consortiumSlip(): MadeSlip {
    const { chain } = this;
    const doctor = this.#certified();
    const choice = this.#below(7);
    if (choice === 0 || doctor === "" || this.#grants.length === 0) {
      const name = this.#label("grant");
      const reader = this.#reader();
      this.#grants.push({ name, reader });
      const expiresAt = chain.time + (this.#below(3) === 0 ? this.#below(4000) : hour);
      return chain.slip("grant.publish", publishFields(name, { expiresAt, reader }), keyOf(name));
    }
    const { name, reader } = this.#pick(this.#grants);
    const gid = gidBytesOf(name);
    const cert = certificateFields(doctor).fingerprint;
    if (choice === 1) {
      const by = this.#pick([name, revokerOf(name), "mallory"]);
      return chain.slip("grant.revoke", revokeFields(name, by), keyOf(by));
    }
    if (choice === 2) {
      const slip = chain.slip(
        "access.request",
        {
          cert,
          body: bytesOf(this.#label("body")),
          refusal: sha256(utf8("secret of a request, at 32 bytes")),
        },
        keyOf(doctor),
      );
      this.#requests.push(slip);
      return slip;
    }
    if (choice === 3 && this.#requests.length > 0) {
      const once = keyOf(this.#label("once"));
      return chain.slip(
        "access.refuse",
        {
          key: once.publicKey,
          request: fromHex(this.#pick(this.#requests).id),
          r: utf8("secret of a request, at 32 bytes"),
        },
        once,
      );
    }
    if (choice === 4 && this.#intents.length > 0)
      return chain.slip(
        "usage.done",
        { cert, intent: fromHex(this.#pick(this.#intents).id), proxies: [1, 2 + this.#below(3)] },
        keyOf(doctor),
      );
    if (choice === 5) {
      const proxy = 1 + this.#below(4);
      return chain.slip(
        "usage.denied",
        { proxy, gid, cert, code: "GRANT_NOT_LIVE", evidence: bytesOf(this.#label("denied")) },
        keyOf(`proxy ${proxy}`),
      );
    }
    const by = this.#below(4) === 0 ? doctor : this.#certified(reader);
    const slip = chain.slip(
      "usage.intent",
      intentFields(name, certificateFields(by).fingerprint, {
        ...openedReader(name, this.#below(8) === 0 ? this.#reader() : reader),
        action: this.#pick([...actions, ...actions, "write"]),
        proxies: [1, 2, 3 + this.#below(3)],
        commitment: bytesOf(this.#label("intent")),
      }),
      keyOf(by),
    );
    this.#intents.push(slip);
    return slip;
  }

  #reader(): Reader {
    if (this.#below(3) === 0)
      return { kind: "institution", id: hospital, role: this.#pick(["doctor", "desk"]) };
    return holderOf(certificateFields(this.#pick(doctors)).fingerprint);
  }

  /**
   * A doctor whose certificate the chain holds, or nobody: an unknown one would refuse the whole group. Who is the reader
   * goes before others.
   */
  #certified(reader?: Reader): string {
    const known = doctors.filter((name) => certificateIn(this.chain, name) !== undefined);
    if (known.length === 0) return "";
    const suiting = known.filter(
      (name) => reader !== undefined && isReader(reader, certificateFields(name)),
    );
    return this.#pick(suiting.length > 0 ? suiting : known);
  }

  #label(what: string): string {
    this.#labels += 1;
    return `${what} ${this.#labels}`;
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#below(from.length)]!;
  }
}
