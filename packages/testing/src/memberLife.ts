/** What happens to members and their staff at random: certificates, levels, enrolments, rotations of keys, suspensions. */
import { rows } from "@anamnesis/ledger";
import { agreeToTrace } from "@anamnesis/protocol";
import { enrolmentOf } from "./enrolments.ts";
import { otherHospital } from "./federation.ts";
import { bytesOf, keyOf, signer } from "./keys.ts";
import { rotationSlip } from "./nodeKeyRotation.ts";
import { vouchedBy } from "./registrars.ts";
import { certificateFields } from "./testChain.ts";
import type { MadeSlip, TestChain } from "./testChain.ts";

export const doctors = ["dr-lin", "dr-wu", "dr-zhao"];

/** A person's certificate as the chain holds it, coded. */
export const certificateIn = ({ state }: TestChain, name: string): Uint8Array | undefined =>
  state.get(rows.certificate.key(certificateFields(name).fingerprint));

export class MemberLife {
  readonly #chain: TestChain;
  readonly #below: (bound: number) => number;
  readonly #label: (what: string) => string;
  readonly #clinics: string[] = [];

  constructor(chain: TestChain, below: (bound: number) => number, label: (what: string) => string) {
    this.#chain = chain;
    this.#below = below;
    this.#label = label;
  }

  slip(): MadeSlip {
    const chain = this.#chain;
    switch (this.#below(8)) {
      case 7:
        return this.#tracing();
      case 6:
        return this.#suspension();
      case 4:
        return this.#rotation();
      case 5:
        return this.#nodeKeyRotation();
      case 0:
        return chain.slip(
          "identity.certify",
          certificateFields(this.#pick(doctors)),
          keyOf("care"),
        );
      case 1:
        return chain.slip(
          "institution.level",
          {
            id: "general-hospital",
            level: this.#pick(["secondary", "tertiary"]),
            power: 1,
            cosigned: [],
          },
          keyOf(chain.genesis.authority),
        );
      case 2:
        return this.#enrolment();
      default:
        return chain.slip(
          "identity.revoke",
          { fingerprint: certificateFields("dr-zhao").fingerprint, by: "care" },
          keyOf("care"),
        );
    }
  }

  /** A doctor for up to two days, so that some are refused; or somebody again. */
  #suspension(): MadeSlip {
    const chain = this.#chain;
    const day = 24 * 3_600_000;
    const until = this.#below(3) === 0 ? 0 : chain.time + this.#below(2 * day);
    const { fingerprint, institution } = certificateFields(this.#pick(doctors));
    const voters = this.#below(2) === 0 ? [] : [chain.genesis.writer, "provincial-authority"];
    const by = this.#pick([institution, chain.genesis.authority]);
    return chain.cosignedSlip("identity.suspend", { fingerprint, until, by }, voters, keyOf(by));
  }

  /** Officers come first, then order traces, on a consortium; a care chain has none. */
  #tracing(): MadeSlip {
    const chain = this.#chain;
    if (chain.genesis.kind === "care") return this.#suspension();
    const officers = [
      ["officer", otherHospital],
      ["registry officer", chain.genesis.authority],
    ] as const;
    for (const [name, institution] of officers) {
      if (certificateIn(chain, name) !== undefined) continue;
      const fields = certificateFields(name, { role: "officer", institution });
      return chain.slip("identity.certify", fields, keyOf("care"));
    }
    const [cert, second] = officers.map(([name]) => certificateFields(name).fingerprint);
    const about = { cert: cert!, case: this.#label("case"), subject: bytesOf("visit") };
    const agreed = agreeToTrace(chain.genesis.chain, about, signer(keyOf("registry officer")));
    return chain.slip("identity.trace", { ...about, second: second!, agreed }, keyOf("officer"));
  }

  #enrolment(): MadeSlip {
    const chain = this.#chain;
    const id = this.#label("clinic").replace(" ", "-");
    this.#clinics.push(id);
    return chain.cosignedSlip("institution.enrol", enrolmentOf(id), []);
  }

  /** The next key of somebody who changes it again and again: vouched for by the one before, or by the registrar. */
  #rotation(): MadeSlip {
    const chain = this.#chain;
    let no = 1;
    while (certificateIn(chain, `dr-han ${no}`) !== undefined) no += 1;
    const fields = certificateFields(`dr-han ${no}`);
    const last = `dr-han ${no - 1}`;
    const old = certificateIn(chain, last);
    if (old === undefined) return chain.slip("identity.certify", fields, keyOf("care"));
    const replaces = certificateFields(last).fingerprint;
    const { commitment } = rows.certificate.decode(old);
    const vouched =
      this.#below(2) === 0
        ? vouchedBy({ ...fields, commitment }, replaces, keyOf(last), "ROTATED")
        : fields;
    return chain.slip("identity.rotate", { ...vouched, replaces }, keyOf("care"));
  }

  /** A clinic's next node key, by the one that counts before the block, or by the authority: alone, or with voters. */
  #nodeKeyRotation(): MadeSlip {
    const chain = this.#chain;
    if (this.#clinics.length === 0) return this.#enrolment();
    const id = this.#pick(this.#clinics);
    const { writer, authority } = chain.genesis;
    const by = this.#pick([id, id, authority]);
    let no = 0;
    while (chain.state.get(rows.nodeKey.key(keyOf(`${id} key ${no}`).publicKey)) !== undefined)
      no += 1;
    const key = by !== id ? authority : no === 0 ? id : `${id} key ${no - 1}`;
    const voters = this.#below(2) === 0 ? [] : [writer, "provincial-authority"];
    return rotationSlip(chain, { id, to: `${id} key ${no}`, by, key, voters });
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#below(from.length)]!;
  }
}
