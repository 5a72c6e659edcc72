import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import { useMutation } from "../join/answers.ts";
import { ErrorPanel } from "../views/Panels.tsx";
import { saveFile } from "../views/saveFile.ts";
import { useWords } from "../views/useWords.ts";

/** Offers the proof of a record as a file. */
export function ProofPart({ record }: { readonly record: string }): ReactNode {
  const { t } = useWords();
  const { mutation, run } = useMutation({ changes: false });
  return (
    <div>
      <Button
        variant="default"
        loading={mutation.status === "busy"}
        loaderProps={{ "aria-label": t("app.loading") }}
        onClick={() =>
          run("patient.proof", { record }, (file) => saveFile(file, `${record.slice(0, 12)}.proof`))
        }
      >
        {t("record.proof")}
      </Button>
      <p className="quiet">{t("record.proofNote")}</p>
      {mutation.status === "failed" ? <ErrorPanel error={mutation.error} /> : null}
    </div>
  );
}
