internal import RuntimeAPI
internal import Store

/// Reads the event log from some event on, a page at a time. One reader.
actor EventReader {
  static let pageSize = 256
  private let events: EventRecorder
  private var last: Int64
  private var page: ArraySlice<EventLog.Entry> = []
  /// nil: it does not wait for what happens later.
  private var bells: AsyncStream<Void>.Iterator?

  init(_ events: EventRecorder, after sequence: Int64, follows: Bool) {
    self.events = events
    last = sequence
    // Before the first page: what happens in between rings.
    bells = follows ? events.bells().makeAsyncIterator() : nil
  }

  /// nil: there are no more, or the reader's task was cancelled.
  func next() async throws -> EventLog.Entry? {
    while true {
      if let entry = page.popFirst() { return entry }
      do {
        page = try await events.page(after: last, limit: Self.pageSize)[...]
      } catch {
        throw RuntimeError(.internalError, "the events cannot be read", cause: error)
      }
      if let newest = page.last {
        last = newest.sequence
        continue
      }
      guard var waiting = bells else { return nil }
      let rang: Void? = await waiting.next(isolation: #isolation)
      bells = waiting
      if rang == nil || Task.isCancelled { return nil }
    }
  }
}
