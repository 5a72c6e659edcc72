import { Button, Radio, Textarea } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import type { FormEvent, ReactNode } from "react";
import { useMutation } from "../join/answers.ts";
import { useSession } from "../join/SessionProvider.tsx";
import { ErrorPanel } from "../views/Panels.tsx";
import { useWords } from "../views/useWords.ts";
import type { ShownRecord } from "../worker/port.ts";

/** Below the text, so that it is read first: confirm, or say that something is wrong. */
export function ConfirmPart(props: {
  readonly shown: ShownRecord;
  /** Whether all of it was on the page or was saved: what nobody can have read is not confirmed. */
  readonly isSeen: boolean;
  /** Leads to where the record says how it stands. */
  readonly onAnswered: () => void;
}): ReactNode {
  const { shown, isSeen, onAnswered } = props;
  const { record, version } = shown;
  const { t } = useWords();
  const { announce } = useSession();
  const { mutation, run } = useMutation();
  const [isDisputing, setDisputing] = useState(false);
  const isNewest = version.n === record.versions.length;
  if (!isNewest || version.state === "disputed") return null;
  const target = { id: record.id, digest: version.digest };
  if (isDisputing)
    return (
      <DisputeForm
        target={target}
        onClose={() => setDisputing(false)}
        onSent={() => {
          setDisputing(false);
          onAnswered();
        }}
      />
    );
  const isConfirmed = version.state === "confirmed";
  return (
    <section className="decide" aria-labelledby="decide-title">
      {isConfirmed ? null : (
        <>
          <h2 id="decide-title">{t("record.confirmTitle")}</h2>
          <p id="decide-text">{t(isSeen ? "record.confirmText" : "record.confirmUnseen")}</p>
        </>
      )}
      {mutation.status === "failed" ? <ErrorPanel error={mutation.error} /> : null}
      <div className="choices">
        {isConfirmed ? null : (
          <Button
            disabled={!isSeen}
            aria-describedby="decide-text"
            loading={mutation.status === "busy"}
            loaderProps={{ "aria-label": t("record.confirming") }}
            onClick={() =>
              run("patient.confirm", target, ({ isProven }) => {
                announce(t(isProven ? "record.confirmed" : "record.confirmSent"));
                onAnswered();
              })
            }
          >
            {t("record.confirm")}
          </Button>
        )}
        <Button
          variant="default"
          id={isConfirmed ? "decide-title" : undefined}
          disabled={mutation.status === "busy"}
          onClick={() => setDisputing(true)}
        >
          {t("record.dispute")}
        </Button>
      </div>
    </section>
  );
}

const reasons = ["NotMe", "Fact", "Missing", "Other"] as const;

function DisputeForm(props: {
  readonly target: { readonly id: string; readonly digest: string };
  readonly onClose: () => void;
  readonly onSent: () => void;
}): ReactNode {
  const { target, onClose, onSent } = props;
  const { t } = useWords();
  const { announce } = useSession();
  const { mutation, run } = useMutation();
  const [reason, setReason] = useState<string>("Fact");
  const [words, setWords] = useState("");
  const [isWanting, setWanting] = useState(false);
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), []);
  const send = (event: FormEvent): void => {
    event.preventDefault();
    const known = reasons.find((name) => name === reason) ?? "Other";
    if (words.trim() === "" && known !== "NotMe") return setWanting(true);
    const text = [t(`record.reason${known}`), words.trim()]
      .filter((part) => part !== "")
      .join(": ");
    run("patient.dispute", { ...target, reason: text }, () => {
      announce(t("record.disputed"));
      onSent();
    });
  };
  return (
    <form className="decide" onSubmit={send} aria-labelledby="dispute-title" noValidate>
      <h2 id="dispute-title" ref={title} tabIndex={-1}>
        {t("record.disputeTitle")}
      </h2>
      <p>{t("record.disputeText")}</p>
      <Radio.Group value={reason} onChange={setReason} aria-labelledby="dispute-title">
        <div className="kind-choice">
          {reasons.map((name) => (
            <Radio key={name} value={name} label={t(`record.reason${name}`)} />
          ))}
        </div>
      </Radio.Group>
      <Textarea
        label={t("record.reasonWords")}
        value={words}
        onChange={(event) => setWords(event.currentTarget.value)}
        autosize
        minRows={3}
        maxLength={2_000}
        error={isWanting && words.trim() === "" ? t("record.reasonWanted") : undefined}
      />
      {mutation.status === "failed" ? <ErrorPanel error={mutation.error} /> : null}
      <div className="choices">
        <Button
          type="submit"
          loading={mutation.status === "busy"}
          loaderProps={{ "aria-label": t("record.disputeSending") }}
        >
          {t("record.disputeSend")}
        </Button>
        <Button variant="default" onClick={onClose} disabled={mutation.status === "busy"}>
          {t("record.cancel")}
        </Button>
      </div>
    </form>
  );
}
