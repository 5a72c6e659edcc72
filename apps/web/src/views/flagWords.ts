import type { I18n } from "../i18n/I18n.tsx";

/** The record's own interpretation code (HL7 v3 ObservationInterpretation) as a shape and words; nothing is judged here. */
export function flagWords(
  flag: string | undefined,
  t: I18n["t"],
): { readonly sign: string; readonly text: string } {
  if (flag === undefined) return { sign: "", text: "" };
  if (/^(?:H|HH|HU|>)$/.test(flag)) return { sign: "▲", text: t("record.flagHigh") };
  if (/^(?:L|LL|LU|<)$/.test(flag)) return { sign: "▼", text: t("record.flagLow") };
  if (flag === "N") return { sign: "", text: t("record.flagNormal") };
  if (/^(?:A|AA)$/.test(flag)) return { sign: "◆", text: t("record.flagUnusual") };
  return { sign: "◆", text: t("record.flagOther") };
}
