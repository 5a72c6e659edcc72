import type { Slip, SlipKind } from "@anamnesis/protocol";
import type { Kind } from "./context.ts";
import { accessRefuse } from "./kinds/accessRefuse.ts";
import { accessRequest } from "./kinds/accessRequest.ts";
import { chainRegister } from "./kinds/chainRegister.ts";
import { grantPublish } from "./kinds/grantPublish.ts";
import { grantRevoke } from "./kinds/grantRevoke.ts";
import { identityCertify } from "./kinds/identityCertify.ts";
import { identityRevoke } from "./kinds/identityRevoke.ts";
import { identityRotate } from "./kinds/identityRotate.ts";
import { identitySuspend } from "./kinds/identitySuspend.ts";
import { identityTrace } from "./kinds/identityTrace.ts";
import { institutionEnrol } from "./kinds/institutionEnrol.ts";
import { institutionLevel } from "./kinds/institutionLevel.ts";
import { institutionRotateKey } from "./kinds/institutionRotateKey.ts";
import { institutionSuspend } from "./kinds/institutionSuspend.ts";
import { recordAmend } from "./kinds/recordAmend.ts";
import { recordAmendForeign } from "./kinds/recordAmendForeign.ts";
import { recordConfirm } from "./kinds/recordConfirm.ts";
import { recordDispute } from "./kinds/recordDispute.ts";
import { recordOwn } from "./kinds/recordOwn.ts";
import { recordRewrap } from "./kinds/recordRewrap.ts";
import { recordSubmit } from "./kinds/recordSubmit.ts";
import { sessionClaim } from "./kinds/sessionClaim.ts";
import { sessionOpen } from "./kinds/sessionOpen.ts";
import { usageAuthor } from "./kinds/usageAuthor.ts";
import { usageDenied } from "./kinds/usageDenied.ts";
import { usageDone } from "./kinds/usageDone.ts";
import { usageIntent } from "./kinds/usageIntent.ts";

/** A new slip kind: its row in protocol's `kinds/`, its file in `kinds/` here, its line in this table. */
const kinds: { readonly [K in SlipKind]: Kind<K> } = {
  "institution.enrol": institutionEnrol,
  "institution.level": institutionLevel,
  "institution.suspend": institutionSuspend,
  "institution.rotateKey": institutionRotateKey,
  "chain.register": chainRegister,
  "identity.certify": identityCertify,
  "identity.rotate": identityRotate,
  "identity.revoke": identityRevoke,
  "identity.suspend": identitySuspend,
  "identity.trace": identityTrace,
  "session.open": sessionOpen,
  "session.claim": sessionClaim,
  "record.submit": recordSubmit,
  "record.amend": recordAmend,
  "record.confirm": recordConfirm,
  "record.dispute": recordDispute,
  "record.own": recordOwn,
  "record.amendForeign": recordAmendForeign,
  "record.rewrap": recordRewrap,
  "grant.publish": grantPublish,
  "grant.revoke": grantRevoke,
  "access.request": accessRequest,
  "access.refuse": accessRefuse,
  "usage.intent": usageIntent,
  "usage.done": usageDone,
  "usage.denied": usageDenied,
  "usage.author": usageAuthor,
};

/** The entry of a slip's kind. */
export const kindOf = <K extends SlipKind>(slip: Slip<K>): Kind<K> => kinds[slip.kind] as Kind<K>;
