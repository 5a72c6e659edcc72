import type { GrantSummary } from "@anamnesis/client";
import { Button } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import type { ReactNode } from "react";
import { useMutation } from "../join/answers.ts";
import { useSession } from "../join/SessionProvider.tsx";
import { ErrorPanel } from "../views/Panels.tsx";
import { personLabel } from "../views/personName.ts";
import { useWords } from "../views/useWords.ts";

/** Stops a grant in two taps; between them stands what cannot be undone. */
export function RevokePart(props: {
  readonly grant: GrantSummary;
  readonly onStopped: () => void;
}): ReactNode {
  const { grant, onStopped } = props;
  const { t } = useWords();
  const { announce } = useSession();
  const { mutation, run } = useMutation();
  const [isAsking, setAsking] = useState(false);
  const sure = useRef<HTMLButtonElement>(null);
  const name = personLabel(grant.party.name);
  useEffect(() => {
    if (isAsking) sure.current?.focus();
  }, [isAsking]);
  if (!isAsking)
    return (
      <Button
        variant="default"
        aria-label={t("sharing.revokeOf", { name })}
        onClick={() => setAsking(true)}
      >
        {t("sharing.revoke")}
      </Button>
    );
  const text = `revoke-${grant.id.slice(0, 16)}`;
  return (
    <fieldset className="revoke">
      <legend className="visually-hidden">{t("sharing.revokeOf", { name })}</legend>
      <p id={text}>{t("sharing.revokeSure")}</p>
      {mutation.status === "failed" ? <ErrorPanel error={mutation.error} /> : null}
      <div className="choices">
        <Button
          ref={sure}
          color="red.9"
          aria-describedby={text}
          loading={mutation.status === "busy"}
          loaderProps={{ "aria-label": t("sharing.revoking") }}
          onClick={() =>
            run("patient.revoke", { gid: grant.id }, ({ status }) => {
              announce(
                t(status === "revoking" ? "sharing.revokeSent" : "sharing.revoked", { name }),
              );
              setAsking(false);
              onStopped();
            })
          }
        >
          {t("sharing.revokeYes")}
        </Button>
        <Button
          variant="default"
          disabled={mutation.status === "busy"}
          onClick={() => setAsking(false)}
        >
          {t("sharing.revokeNo")}
        </Button>
      </div>
    </fieldset>
  );
}
