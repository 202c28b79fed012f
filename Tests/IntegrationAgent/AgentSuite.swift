import Glibc
import Testing

/// Everything in here starts the real agent; one test at a time.
@Suite("The agent", .serialized, .enabled(if: geteuid() == 0, "needs root"))
struct AgentSuite {}
