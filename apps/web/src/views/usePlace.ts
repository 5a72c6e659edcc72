import { useCallback, useContext } from "react";
import { useI18n } from "../i18n/I18n.tsx";
import { SessionContext } from "../join/SessionProvider.tsx";

/** An institution's name in this language, else as the trust file has it, where somebody entered. */
export function usePlace(): (institution: string) => string {
  const { term } = useI18n();
  const institutions = useContext(SessionContext)?.person.institutions;
  return useCallback(
    (institution) => {
      const known = term("institution", institution);
      return known === institution ? (institutions?.[institution] ?? institution) : known;
    },
    [term, institutions],
  );
}
