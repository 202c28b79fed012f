/// What can become of a request to another process, and of its reply.
public enum CallFault: String, Sendable, CaseIterable {
  /// It never arrives, as the connection breaks.
  case lost
  /// It never arrives, and the next connection has said what there is before its caller knows.
  case lostAndBack
  /// It is done after its caller has given up.
  case late
  /// The other one is killed before it arrives.
  case deathBefore
  /// The other one is killed when it has answered.
  case deathAfter
}
