import type { PersonView } from "@anamnesis/client";
import { useMemo } from "react";
import { useI18n } from "../i18n/I18n.tsx";
import type { I18n } from "../i18n/I18n.tsx";
import { useSession } from "../join/SessionProvider.tsx";
import { usePlace } from "./usePlace.ts";
import { personLabel } from "./personName.ts";

/** Phrases that several pages need. */
export interface Words extends I18n {
  /** The institution's name in this language, else as the trust file has it. */
  readonly place: (institution: string) => string;
  /** The institution that guards records with the others, by the index of its proxy. */
  readonly guard: (index: number) => string;
  /** Name and institution; for whom nobody vouches, that. */
  readonly who: (person: PersonView) => string;
  /** Categories as a list in a sentence; `undefined`: every one. */
  readonly kinds: (categories: readonly string[] | undefined) => string;
  /** What a request or grant covers. */
  readonly scope: (of: {
    readonly categories?: readonly string[] | undefined;
    readonly records?: readonly string[] | undefined;
  }) => string;
  readonly purposes: (purposes: readonly string[]) => string;
  /** To copy includes to read. */
  readonly actions: (actions: readonly string[]) => string;
}

export function useWords(): Words {
  const i18n = useI18n();
  const place = usePlace();
  const { guards, rules } = useSession().person;
  return useMemo(() => {
    const { t, term, list } = i18n;
    const kinds: Words["kinds"] = (categories) =>
      categories === undefined || new Set(categories).size >= rules.categories.length
        ? t("category.every")
        : list([...new Set(categories)].map((category) => term("category", category)));
    return {
      ...i18n,
      place,
      guard: (index) => place(guards[index] ?? ""),
      who: ({ name, institution }) => {
        if (name === "") return t("log.unknownPerson");
        return institution === ""
          ? personLabel(name)
          : t("app.who", { name: personLabel(name), place: place(institution) });
      },
      kinds,
      scope: ({ categories, records }) =>
        records === undefined
          ? kinds(categories)
          : t("requests.someRecords", { count: records.length }),
      actions: (actions) => t(actions.includes("copy") ? "action.copy" : "action.read"),
      purposes: (purposes) => list(purposes.map((purpose) => term("purpose", purpose))),
    };
  }, [i18n, place, guards, rules]);
}
