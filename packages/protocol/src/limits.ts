/**
 * Every bound that a party enforces, in one place. Sizes are bytes, times are milliseconds.
 * Source: docs/spec/limits.md; the reasons stand there.
 */
export const limits = {
  /** One slip, signature included. `identity.certify` with its DER is the largest kind (about 4 KiB). */
  slipBytes: 16 * 1024,
  /** Slips in one group (1–64). */
  groupSlips: 64,
  groupBytes: 512 * 1024,
  /** One block of the embedded engine, all its groups. */
  blockBytes: 16 * 1024 * 1024,
  /** Slips in one call of the batch endpoint. */
  batchSlips: 1024,
  /** How far ahead of its own clock a node accepts a `notAfter`. */
  notAfterAheadMs: 10 * 60_000,
  /** How far ahead of block time the state machine accepts a `notAfter`. */
  notAfterAheadOfBlockMs: 11 * 60_000,
  /** The `notAfter` that clients choose. */
  clientNotAfterMs: 5 * 60_000,
  /** A signed head at every member, idle or not. */
  headEveryMs: 2_000,
  /** A proxy without a head at most this old from two institutions answers STALE_CHAIN. */
  headFreshMs: 10_000,
  /** An intent serves its capsules this long, from when the proxy's own node committed it. */
  intentServesMs: 30_000,
  /** An intent ends in any case this long after its creation time. */
  intentEndsMs: 60_000,
  /** A node asked for a height or slip it does not have yet waits this long. */
  waitMs: 2_000,
  /** Sealed messages are padded to buckets of this size. */
  messageBucketBytes: 4 * 1024,
  messageBytes: 8 * 1024 * 1024,
  /** What clients read of an answer: lists in JSON; errors. */
  answerJsonBytes: 32 * 1024 * 1024,
  answerErrorBytes: 64 * 1024,
  boxBytes: 64 * 1024 * 1024,
  boxMessages: 4_096,
  /** Of these, kept for writers who prove that they are expected; strangers fill the rest. */
  boxReservedBytes: 32 * 1024 * 1024,
  boxReservedMessages: 2_048,
  /** Bytes that strangers of one origin put into all boxes of a node in an hour. */
  strangerBytes: 1024 ** 3,
  /** A reply to a request can be used this long at most. */
  replyMs: 31 * 24 * 3_600_000,
  messageLifetimeMs: 30 * 24 * 3_600_000,
  /** A ticket to the vault lives this long. */
  ticketMs: 10 * 60_000,
  /** A signed request's `created` may be this far from the server's clock. */
  requestSkewMs: 60_000,
  /** Connections that a server keeps at once: of one origin, and in all. */
  connectionsPerOrigin: 1_024,
  connections: 8_192,
  /** Bytes of bodies that lie in a server's memory at once, from arrival to answer: of one origin, and in all. */
  waitingBytesPerOrigin: 128 * 1024 * 1024,
  waitingBytes: 512 * 1024 * 1024,
  /** What requests of one origin may cost a server in vain in a minute, in units of about one signature to verify. */
  vainWork: 40_000,
  /** A proxy keeps so many requests that it turned away, for each grant, and for so long. */
  deniedRequests: 1_024,
  deniedKeptMs: 90 * 24 * 3_600_000,
  /** A request and the denial of it lie at most this far apart: clocks may differ, and the checks take time. */
  deniedWithinMs: 2 * 60_000,
  /** A visit token, and its entries: two for each category. */
  visitTokenBytes: 128 * 1024,
  visitTokenEntries: 64,
  grantTags: 2_048,
  grantRecords: 4_096,
  /** Requests that one grant says it answers. */
  grantAnswers: 256,
  /** Capsules one intent may commit to. */
  intentCapsules: 256,
  /** Intents of one certificate under one grant in one minute of block time. */
  intentsPerMinute: 120,
  /** Uses of one grant that a list of them may hold in all. */
  grantUses: 100_000,
  /** Keys of which each grant under one delegation names one. */
  delegationRevokers: 1_024,
  /** Longest grant, one year. */
  grantLifetimeMs: 366 * 24 * 3_600_000,
  /** Longest suspension of a certificate. */
  suspensionMs: 24 * 3_600_000,
  /** A certificate, DER. */
  certificateBytes: 6_000,
  /** One value of a map of the state: a certificate with its DER is the largest. */
  stateValueBytes: 16 * 1024,
  /** Steps of a path in a Merkle tree: no tree here has 2^64 leaves. */
  merklePath: 64,
  /** Members of a chain. */
  members: 1_024,
  /** Of a chain's genesis. */
  genesisRegistrars: 1_024,
  /** Changes of voters that one proof carries. */
  voterChanges: 256,
  /** Voters who sign one slip that changes the voters. */
  cosigners: 128,
} as const;
