/**
 * Properties that the build for browsers gives short names: those that only our own modules use. `mangled-names.test.ts` holds
 * the list against the API, the protocol, and everything that a browser or the language calls by such a name.
 */
export const MANGLED_NAMES = `
  acknowledge acknowledged afterMs ages backlog begun byReason bytesMax closeSeq commitAll committedSeq damage declarations
  declareDrops declareEnd declaredSeq drops emit epochs eventsMax eviction faulted isFirm firstSeq forget fresh gapMax
  heldBack hide interrupt learnTime leave leaving makeSpare makeStore monoMs offsetMs oldestMs onChange peek peekRun planEviction
  planPurge priorities quarantined randomBytes ranges reaches recorder retryAfter sendNow serverTimeMs setEager tell timeMs
  tryNow unhold wear
`
  .trim()
  .split(/\s+/);
