/** What a page shows of a record. Apart from the rest, since reading narratives takes an HTML parser. */
export { summarise } from "./summarise.ts";
export type { Summary, SummarySection } from "./summarise.ts";
export { headings } from "./summaryRow.ts";
export type { Heading, SummaryRow } from "./summaryRow.ts";
