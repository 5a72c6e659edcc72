import type { RecordState, RecordSummary, VersionSummary } from "./model.ts";
import { personOf } from "./people.ts";
import type { RecordView } from "./ports.ts";
import type { Session } from "./session.ts";

/** What a chain says about a record, as lists show it. The caller adds what only a device knows. */
export async function summaryOf(
  session: Session,
  chain: string,
  view: RecordView,
  category: string,
): Promise<RecordSummary> {
  const versions: VersionSummary[] = [];
  for (const [i, { slip, digest, time, author }] of view.versions.entries()) {
    versions.push({
      n: i + 1,
      slip,
      digest,
      time,
      state: stateOf(view, digest),
      author: await personOf(session, author),
    });
  }
  const newest = versions.at(-1)!;
  const { record: id, institution, pid, tag } = view;
  return {
    id,
    chain,
    institution,
    pid,
    tag,
    category,
    state: newest.state,
    author: newest.author,
    time: newest.time,
    versions,
  };
}

function stateOf({ confirmed, disputed }: RecordView, digest: string): RecordState {
  if (disputed.includes(digest)) return "disputed";
  return confirmed.includes(digest) ? "confirmed" : "unconfirmed";
}
