import type { InstitutionKind } from "@anamnesis/protocol";

/**
 * What the command line and the host say to each other, over the IPC channel with which the one started the other. The
 * host does what its first message asks; when the channel closes, it ends.
 */
export type HostRequest =
  /** Run the federation of a folder until told to stop. */
  | {
      readonly verb: "up";
      readonly dir: string;
      readonly profile: string;
      readonly demo: boolean;
      /** The portal's port; else that of the last run, else a free one. */
      readonly port?: number;
      /** Of the registrars' devices, should they have to be made; a demo federation needs none. */
      readonly passphrase?: string;
    }
  /** Change who is a member of the federation that runs in a folder, as the operators of its servers, and end. */
  | { readonly verb: "member"; readonly dir: string; readonly change: MemberChange }
  /** Take out what an institution's node keeps of whose a visit is, as its operator, tell it, and end. */
  | {
      readonly verb: "trace";
      readonly dir: string;
      readonly institution: string;
      readonly pid: string;
    }
  /** Run a demo federation, play the path and the attacks, and end. */
  | { readonly verb: "demo"; readonly dir: string }
  /** End every child in order, then end. */
  | { readonly verb: "stop" };

export type MemberChange =
  | {
      readonly what: "add";
      readonly id: string;
      readonly name: string;
      readonly level: InstitutionKind;
      /** Of the new registrar's device; a demo federation needs none. */
      readonly passphrase?: string;
    }
  | { readonly what: "suspend" | "resume"; readonly id: string }
  /** Another node key. `lost`: by the authorities, who vote, since the one in use is lost or stolen. */
  | { readonly what: "rotate-key"; readonly id: string; readonly lost: boolean }
  /** A member of staff: by the node of their institution, or by the authorities, who vote. `until` 0 lets them act again. */
  | {
      readonly what: "suspend-staff";
      readonly fingerprint: string;
      readonly institution: string;
      readonly until: number;
      readonly by: "institution" | "voters";
    };

export type HostEvent =
  /** What long work is doing now, for people. */
  | { readonly what: "progress"; readonly text: string }
  /** What must not go unnoticed: a child that died. */
  | { readonly what: "warning"; readonly text: string }
  /** All of the federation is usable. */
  | {
      readonly what: "ready";
      readonly portal: string;
      readonly dir: string;
      readonly demo: boolean;
    }
  | { readonly what: "step"; readonly step: DemoStep }
  /** Sealed to the registry, base64url; absent for a visit that was not let in there. */
  | { readonly what: "trace"; readonly sealed?: string }
  /** The host has done what it was asked, and ends. */
  | { readonly what: "done" }
  /** The host ends because it could not do what it was asked; `path` where a file was the reason. */
  | {
      readonly what: "failed";
      readonly code: string;
      readonly message: string;
      readonly path?: string;
    };

/** One step of the demo, when it is over. */
export interface DemoStep {
  readonly name: string;
  readonly ok: boolean;
  readonly ms: number;
  /** What held, or what went wrong. */
  readonly detail?: string;
}
