import Testing

@testable import Kubelet

@Suite("Mailbox") struct MailboxTests {
  @Test("a burst is taken at once, in its order; what comes later is taken later")
  func burst() async {
    let box = Mailbox<Int>()
    for number in 0..<1000 { box.send(number) }
    #expect(await box.take() == Array(0..<1000))
    box.send(1)
    #expect(await box.take() == [1])
  }

  @Test("whoever waits is woken by the first, and loses none of many that come from everywhere")
  func woken() async {
    let box = Mailbox<Int>()
    let reader = Task {
      var seen: Set<Int> = []
      while seen.count < 4000, let some = await box.take() { seen.formUnion(some) }
      return seen.count
    }
    await withTaskGroup(of: Void.self) { group in
      for part in 0..<8 { group.addTask { for number in 0..<500 { box.send(part * 500 + number) } } }
    }
    #expect(await reader.value == 4000)
  }

  @Test("the end of its reader, or of the box, ends the wait")
  func ends() async {
    let box = Mailbox<Int>()
    let cancelled = Task { await box.take() }
    cancelled.cancel()
    #expect(await cancelled.value == nil)
    let closed = Mailbox<Int>()
    closed.send(1)
    closed.close()
    closed.send(2)
    #expect(await closed.take() == nil)
  }
}
