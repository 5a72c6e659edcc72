import type { DisputeView } from "@anamnesis/client";
import type { ReactNode } from "react";
import { RecordText } from "./RecordText.tsx";
import { useWords } from "./useWords.ts";

/** Why the patient says that something is wrong, at the author's; words that the patient did not sign are not shown. */
export function DisputeText({ dispute }: { readonly dispute: DisputeView | undefined }): ReactNode {
  const { t } = useWords();
  switch (dispute?.reason) {
    case undefined:
      return null;
    case "signed":
      return (
        <q>
          <RecordText>{dispute.text}</RecordText>
        </q>
      );
    case "mismatch":
      return <span className="quiet">{t("dispute.mismatch")}</span>;
    case "missing":
      return <span className="quiet">{t("dispute.missing")}</span>;
  }
}
