import { Button, Checkbox, TextInput } from "@mantine/core";
import { useState } from "react";
import type { ReactNode } from "react";
import type { RequestSummary } from "@anamnesis/client";
import { dayValue } from "../i18n/dates.ts";
import { useMutation } from "../join/answers.ts";
import { useSession } from "../join/SessionProvider.tsx";
import { KindChoice } from "../views/KindChoice.tsx";
import { ErrorPanel } from "../views/Panels.tsx";
import { useWords } from "../views/useWords.ts";
import { asAsked, askedCategories, latestEnd, termsOf } from "./narrow.ts";
import type { Terms } from "./narrow.ts";

const DAY_MS = 24 * 3_600_000;

/** Approve, allow less, or refuse; the sentence above the buttons says what approval would do. */
export function Decision(props: {
  readonly request: RequestSummary;
  readonly onAnswered: (() => void) | undefined;
}): ReactNode {
  const { request, onAnswered } = props;
  const { t, day } = useWords();
  const { announce, person } = useSession();
  const { rules } = person;
  const approving = useMutation();
  const refusing = useMutation();
  const [chosen, setChosen] = useState(() => asAsked(request, rules));
  const [now] = useState(() => Date.now());
  const result = termsOf(request, chosen, { rules, now });
  const isBusy = approving.mutation.status === "busy" || refusing.mutation.status === "busy";
  const latest = latestEnd(request, { rules, now });
  const problem = result.ok ? undefined : result.problem;
  const approve = (): void => {
    if (!result.ok) return;
    approving.run("patient.approve", { request: request.id, ...result.terms }, ({ status }) => {
      announce(t(status === "granting" ? "requests.approvalSent" : "requests.approved"));
      onAnswered?.();
    });
  };
  return (
    <div className="decision">
      <details>
        <summary>{t("requests.narrow")}</summary>
        {request.records === undefined ? (
          <KindChoice
            label={t("requests.narrowKinds")}
            all={askedCategories(request, rules)}
            chosen={chosen.categories}
            onChange={(categories) => setChosen({ ...chosen, categories })}
            error={problem === "kinds" ? t("requests.narrowKindsWanted") : undefined}
          />
        ) : null}
        {request.actions.includes("copy") ? (
          <div className="kind-choice">
            <Checkbox
              label={t("requests.narrowCopy")}
              checked={chosen.copy}
              onChange={(event) => setChosen({ ...chosen, copy: event.currentTarget.checked })}
            />
          </div>
        ) : null}
        <TextInput
          type="date"
          label={t("requests.narrowUntil")}
          min={dayValue(now + DAY_MS)}
          max={dayValue(latest)}
          value={chosen.until}
          onChange={(event) => setChosen({ ...chosen, until: event.currentTarget.value })}
          error={
            problem === "until"
              ? t("requests.narrowUntilWanted", { latest: day(latest) })
              : undefined
          }
        />
      </details>
      {result.ok ? <Preview request={request} terms={result.terms} /> : null}
      {approving.mutation.status === "failed" ? (
        <ErrorPanel error={approving.mutation.error} />
      ) : null}
      {refusing.mutation.status === "failed" ? (
        <ErrorPanel error={refusing.mutation.error} />
      ) : null}
      <div className="choices choices-equal">
        <Button
          onClick={approve}
          disabled={!result.ok || isBusy}
          loading={approving.mutation.status === "busy"}
          loaderProps={{ "aria-label": t("requests.approving") }}
        >
          {t("requests.approve")}
        </Button>
        <Button
          color="gray.7"
          disabled={isBusy}
          loading={refusing.mutation.status === "busy"}
          loaderProps={{ "aria-label": t("requests.refusing") }}
          onClick={() =>
            refusing.run("patient.refuse", { request: request.id }, () => {
              announce(t("requests.refused"));
              onAnswered?.();
            })
          }
        >
          {t("requests.refuse")}
        </Button>
      </div>
    </div>
  );
}

function Preview(props: { readonly request: RequestSummary; readonly terms: Terms }): ReactNode {
  const { request, terms } = props;
  const { t, term, who, scope, day, actions } = useWords();
  return (
    <p className="preview" aria-live="polite">
      {t("requests.preview", {
        who: who(request.party),
        action: actions(terms.actions ?? request.actions),
        what: scope({
          categories: terms.categories ?? request.categories,
          records: request.records,
        }),
        until: day(terms.until ?? request.until),
        purpose: term("purpose", request.purpose),
      })}
    </p>
  );
}
