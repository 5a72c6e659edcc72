import type { Slip, SlipKind } from "@anamnesis/protocol";
import type { SlipContext, Transition } from "./context.ts";
import type { Outcome } from "./outcome.ts";
import { accessRefuse } from "./transitions/accessRefuse.ts";
import { accessRequest } from "./transitions/accessRequest.ts";
import { grantPublish } from "./transitions/grantPublish.ts";
import { grantRevoke } from "./transitions/grantRevoke.ts";
import { identityCertify } from "./transitions/identityCertify.ts";
import { identityRevoke } from "./transitions/identityRevoke.ts";
import { identityRotate } from "./transitions/identityRotate.ts";
import { institutionEnrol } from "./transitions/institutionEnrol.ts";
import { institutionLevel } from "./transitions/institutionLevel.ts";
import { institutionSuspend } from "./transitions/institutionSuspend.ts";
import { recordAmend } from "./transitions/recordAmend.ts";
import { recordConfirm } from "./transitions/recordConfirm.ts";
import { recordDispute } from "./transitions/recordDispute.ts";
import { recordSubmit } from "./transitions/recordSubmit.ts";
import { sessionOpen } from "./transitions/sessionOpen.ts";
import { usageAuthor } from "./transitions/usageAuthor.ts";
import { usageDenied } from "./transitions/usageDenied.ts";
import { usageDone } from "./transitions/usageDone.ts";
import { usageIntent } from "./transitions/usageIntent.ts";
import type { LedgerView } from "./view.ts";

/** A new slip kind: its row in protocol's `slipKinds`, its file in `transitions/`, its line here. */
const transitions: { readonly [K in SlipKind]: Transition<K> } = {
  "institution.enrol": institutionEnrol,
  "institution.level": institutionLevel,
  "institution.suspend": institutionSuspend,
  "identity.certify": identityCertify,
  "identity.rotate": identityRotate,
  "identity.revoke": identityRevoke,
  "session.open": sessionOpen,
  "record.submit": recordSubmit,
  "record.amend": recordAmend,
  "record.confirm": recordConfirm,
  "record.dispute": recordDispute,
  "grant.publish": grantPublish,
  "grant.revoke": grantRevoke,
  "access.request": accessRequest,
  "access.refuse": accessRefuse,
  "usage.intent": usageIntent,
  "usage.done": usageDone,
  "usage.denied": usageDenied,
  "usage.author": usageAuthor,
};

/** Runs the transition of the slip's kind. */
export const transition = (state: LedgerView, slip: Slip, context: SlipContext): Outcome =>
  (transitions[slip.kind] as (state: LedgerView, slip: Slip, context: SlipContext) => Outcome)(
    state,
    slip,
    context,
  );
