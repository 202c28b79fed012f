import Testing

@testable import Streaming

@Suite("Sessions") struct MachineTests {
  typealias Machine = ProcessSessionMachine

  private func running(_ streams: Set<ProcessStream> = [.error, .stdout, .stderr]) -> Machine {
    var machine = Machine(streams)
    for stream in streams { _ = machine.streamOpened(stream) }
    #expect(machine.opened() == [.startStreams])
    return machine
  }

  @Test("a process begins when every stream that was asked for is there") func streams() {
    var machine = Machine([.error, .stdin, .stdout])
    #expect(machine.streamOpened(.error) == [])
    #expect(machine.streamOpened(.error) == nil)
    #expect(machine.streamOpened(.stderr) == nil)
    #expect(machine.streamOpened(.stdin) == [])
    #expect(machine.streamOpened(.stdout) == [.open])
    #expect(machine.streamOpened(.stdout) == nil)
    #expect(machine.streamsTookTooLong() == [])
    #expect(machine.openFailed(.failed("x")) == [.report(.failed("x"))])
    #expect(machine.clientGone() == [])
  }

  @Test("the end is told behind the last output, in whatever order they come") func ends() {
    var machine = running()
    #expect(machine.outputEnded(.stdout) == [])
    #expect(machine.processEnded(.exited(3)) == [.limitOutput])
    #expect(machine.processEnded(.exited(4)) == [])
    #expect(machine.outputEnded(.stdout) == [])
    #expect(machine.outputEnded(.stderr) == [.report(.exited(3))])
    #expect(machine.state == .over)

    machine = running()
    _ = (machine.outputEnded(.stderr), machine.outputEnded(.stdout))
    #expect(machine.processEnded(.exited(0)) == [.report(.exited(0))])
    machine = running([.error, .stdin])
    #expect(machine.processEnded(.exited(0)) == [.report(.exited(0))])
  }

  @Test("who looks on at a process that goes on without output is told so, unless its end comes right behind") func cutOff() {
    var machine = Machine([.error, .stdout, .stderr], isAttached: true)
    for stream in [ProcessStream.error, .stdout, .stderr] { _ = machine.streamOpened(stream) }
    _ = machine.opened()
    #expect(machine.outputEnded(.stdout) == [])
    #expect(machine.endTookTooLong() == [])
    #expect(machine.outputEnded(.stderr) == [.awaitEnd])
    var other = machine
    #expect(other.processEnded(.exited(0)) == [.report(.exited(0))])
    #expect(other.endTookTooLong() == [])
    let actions = machine.endTookTooLong()
    #expect(actions.first == .abandon && actions.count == 2 && machine.state == .over)
    #expect(machine.processEnded(.exited(0)) == [])
  }

  @Test("a client that goes lets go of the process once, also while it is being started") func gone() {
    var machine = running()
    #expect(machine.clientGone() == [.abandon])
    #expect(machine.clientGone() == [])
    #expect(machine.processEnded(.exited(0)) == [])
    #expect(machine.outputEnded(.stdout) == [])

    machine = Machine([.error])
    _ = machine.streamOpened(.error)
    #expect(machine.clientGone() == [])
    #expect(machine.opened() == [.abandonOpened])

    machine = Machine([.error, .stdin])
    #expect(machine.streamsTookTooLong() == [.closeConnection])
    #expect(machine.streamOpened(.error) == nil)
  }

  @Test("a forwarded connection is two streams, then a socket; each side ends for itself") func forward() {
    var pair = ForwardPair()
    #expect(pair.opened(1, isError: true) == [])
    #expect(pair.opened(3, isError: true) == nil)
    #expect(pair.opened(3, isError: false) == [.dial])
    #expect(pair.opened(5, isError: false) == nil)
    #expect(pair.tookTooLong() == [])
    #expect(pair.dialed() == [])
    #expect(pair.podEnded() == [.endClientStream])
    #expect(pair.podEnded() == [])
    #expect(pair.clientEnded() == [.close])
    #expect(pair.broke() == [])
  }

  @Test("a client may say all before the pod is reached") func early() {
    var pair = ForwardPair()
    _ = (pair.opened(1, isError: true), pair.opened(3, isError: false))
    #expect(pair.clientEnded() == [])
    #expect(pair.dialed() == [.endPodSocket])
    #expect(pair.clientEnded() == [])
    #expect(pair.podEnded() == [.close])
  }

  @Test("a connection that does not come about says why, or nothing when the client is gone") func failures() {
    var pair = ForwardPair()
    _ = pair.opened(1, isError: true)
    #expect(pair.tookTooLong().count == 1)
    pair = ForwardPair()
    _ = (pair.opened(1, isError: true), pair.opened(3, isError: false))
    #expect(pair.dialFailed("no") == [.fail("no")])
    #expect(pair.dialed() == [.closeSocket])
    pair = ForwardPair()
    _ = (pair.opened(1, isError: true), pair.opened(3, isError: false))
    #expect(pair.broke() == [.close])
    #expect(pair.dialed() == [.closeSocket])
    #expect(pair.dialFailed("no") == [])
  }
}
