import { Button, Checkbox, NativeSelect, Radio, Textarea, TextInput } from "@mantine/core";
import type { Purpose } from "@anamnesis/protocol";
import { useState } from "react";
import type { FormEvent, ReactNode } from "react";
import { dayValue, endOfDay } from "../i18n/dates.ts";
import { useMutation } from "../join/answers.ts";
import { useSession } from "../join/SessionProvider.tsx";
import { KindChoice } from "../views/KindChoice.tsx";
import { ErrorPanel } from "../views/Panels.tsx";
import { personLabel } from "../views/personName.ts";
import { useWords } from "../views/useWords.ts";
import type { KnownPatient, Rules } from "../worker/port.ts";

const DAY_MS = 24 * 3_600_000;
const DAYS_AT_FIRST = 30;

interface Draft {
  readonly patient: string;
  readonly all: boolean;
  readonly kinds: readonly string[];
  readonly copy: boolean;
  readonly purpose: Purpose;
  readonly until: string;
  readonly text: string;
}

type Problem = "patient" | "kinds" | "until";

const emptyDraft = (now: number): Draft => ({
  patient: "",
  all: true,
  kinds: [],
  copy: false,
  purpose: "TREAT",
  until: dayValue(now + DAYS_AT_FIRST * DAY_MS),
  text: "",
});

function problemsOf(draft: Draft, now: number, { grantLifetimeMs }: Rules): ReadonlySet<Problem> {
  const until = endOfDay(draft.until);
  const isGoodEnd = until !== undefined && until > now && until <= now + grantLifetimeMs;
  return new Set<Problem>([
    ...(draft.patient === "" ? (["patient"] as const) : []),
    ...(!draft.all && draft.kinds.length === 0 ? (["kinds"] as const) : []),
    ...(isGoodEnd ? [] : (["until"] as const)),
  ]);
}

/** The form of an access request, with the sentence that the patient will read. */
export function AskForm(props: {
  readonly patients: readonly KnownPatient[];
  readonly onSent: () => void;
}): ReactNode {
  const { patients, onSent } = props;
  const { t, term, kinds, who, day, alone, actions } = useWords();
  const { person, announce } = useSession();
  const { rules } = person;
  const { mutation, run } = useMutation();
  const [now] = useState(() => Date.now());
  const [draft, setDraft] = useState(() => emptyDraft(now));
  const [isChecked, setChecked] = useState(false);
  const problems = problemsOf(draft, now, rules);
  const shows = (problem: Problem): boolean => isChecked && problems.has(problem);
  const patient = patients.find(({ fingerprint }) => fingerprint === draft.patient);
  const send = (event: FormEvent): void => {
    event.preventDefault();
    setChecked(true);
    const until = endOfDay(draft.until);
    if (patient === undefined || until === undefined || problems.size > 0) return;
    const { purpose, text } = draft;
    const input = {
      patient: patient.name,
      actions: draft.copy ? (["read", "copy"] as const) : (["read"] as const),
      purpose,
      until,
      ...(draft.all ? {} : { categories: draft.kinds }),
      ...(text.trim() === "" ? {} : { text: text.trim() }),
    };
    run("doctor.ask", input, () => {
      announce(t("ask.sent", { patient: personLabel(patient.name) }));
      setDraft(emptyDraft(now));
      setChecked(false);
      onSent();
    });
  };
  return (
    <form className="card ask" onSubmit={send} noValidate>
      <NativeSelect
        label={t("ask.patient")}
        value={draft.patient}
        onChange={(event) => setDraft({ ...draft, patient: event.currentTarget.value })}
        data={[
          { value: "", label: t("ask.choosePatient") },
          ...patients.map(({ fingerprint, name }) => ({
            value: fingerprint,
            label: personLabel(name),
          })),
        ]}
        error={shows("patient") ? t("ask.patientWanted") : undefined}
      />
      <Radio.Group
        label={t("ask.kinds")}
        value={draft.all ? "all" : "some"}
        onChange={(value) => setDraft({ ...draft, all: value === "all" })}
      >
        <div className="kind-choice">
          <Radio value="all" label={t("ask.kindsAll")} />
          <Radio value="some" label={t("ask.kindsSome")} />
        </div>
      </Radio.Group>
      {draft.all ? null : (
        <KindChoice
          label={t("ask.kindsSome")}
          all={rules.categories}
          chosen={draft.kinds}
          onChange={(chosen) => setDraft({ ...draft, kinds: chosen })}
          error={shows("kinds") ? t("requests.narrowKindsWanted") : undefined}
        />
      )}
      <div className="kind-choice">
        <Checkbox
          label={t("ask.copy")}
          checked={draft.copy}
          onChange={(event) => setDraft({ ...draft, copy: event.currentTarget.checked })}
        />
      </div>
      <NativeSelect
        label={t("ask.purpose")}
        value={draft.purpose}
        onChange={(event) => {
          const chosen = rules.purposes.find((purpose) => purpose === event.currentTarget.value);
          setDraft({ ...draft, purpose: chosen ?? "TREAT" });
        }}
        data={rules.purposes.map((value) => ({ value, label: alone(term("purpose", value)) }))}
      />
      <TextInput
        type="date"
        label={t("ask.until")}
        min={dayValue(now + DAY_MS)}
        max={dayValue(now + rules.grantLifetimeMs)}
        value={draft.until}
        onChange={(event) => setDraft({ ...draft, until: event.currentTarget.value })}
        error={
          shows("until")
            ? t("requests.narrowUntilWanted", { latest: day(now + rules.grantLifetimeMs) })
            : undefined
        }
      />
      <Textarea
        label={t("ask.text")}
        description={t("ask.textHint")}
        value={draft.text}
        onChange={(event) => setDraft({ ...draft, text: event.currentTarget.value })}
        maxLength={500}
        autosize
        minRows={2}
      />
      {patient === undefined || problems.size > 0 ? null : (
        <p className="preview">
          {t("ask.preview", {
            patient: personLabel(patient.name),
            who: who({ ...person, fingerprint: "" }),
            action: actions(draft.copy ? ["copy"] : ["read"]),
            what: kinds(draft.all ? undefined : draft.kinds),
            until: day(endOfDay(draft.until) ?? now),
            purpose: term("purpose", draft.purpose),
          })}
        </p>
      )}
      {mutation.status === "failed" ? <ErrorPanel error={mutation.error} /> : null}
      <Button
        type="submit"
        loading={mutation.status === "busy"}
        loaderProps={{ "aria-label": t("ask.sending") }}
      >
        {t("ask.send")}
      </Button>
    </form>
  );
}
