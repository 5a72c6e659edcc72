/** Texts of the page that puts all records together. */
export const enHistory = {
  "history.title": "Medical history",
  "history.intro": "Everything your records say, put together: each thing once, with who says it.",
  "history.introDoctor":
    "Everything that you may read of this patient, put together: each thing once, with who says it. The patient sees that you opened these records.",
  "history.link": "See everything as one medical history",
  "history.linkOf": "See {name}’s medical history",
  "history.loading": "Putting the records together",
  "history.empty": "No record tells anything yet",
  "history.more": "There may be more that is not in these records.",
  "history.outOf": "Out of {count, plural, one {# record} other {# records}} of {places}.",
  "history.failed":
    "{count, plural, one {# record} other {# records}} could not be opened and {count, plural, one {is} other {are}} not in here.",
  "history.notRead":
    "{count, plural, one {# record is a letter, an image or another file} other {# records are letters, images or other files}}: read {count, plural, one {it} other {them}} in the list of records.",
  "history.leftOut":
    "Left out: {wrong, number} entered by mistake, {changed, number} changed later.",
  "history.nothing": "Nothing in these records.",
  "history.visits": "Visits",
  "history.rest": "{count, number} more",
  "history.past": "Over: {count, number}",
  "history.earlier": "{count, number} earlier",
  "history.saidBy": "Says:",
  "history.differ": "The sources differ about {what}:",
  "history.save": "Save a patient summary",
  "history.saveNote":
    "A file that other hospitals’ systems can read (International Patient Summary). It is put together by a machine, and not protected on your device.",
} as const;

export type HistoryTextId = keyof typeof enHistory;
export type HistoryTexts = Readonly<Record<HistoryTextId, string>>;
