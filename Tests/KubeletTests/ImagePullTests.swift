import RuntimeAPI
import Testing

@testable import Kubelet

@Suite("Failed pulls and their words") struct ImagePullTests {
  @Test(
    "a failure is called what the runtime's words and code say",
    arguments: [
      (RuntimeError.Code.unknown, "RegistryUnavailable: cannot pull x: no route", "RegistryUnavailable"),
      (.unknown, "SignatureValidationFailed: no signature", "SignatureValidationFailed"),
      // Clients strip the code of no other error: the word would not stand at its beginning.
      (.unavailable, "RegistryUnavailable: x", "ErrImagePull"),
      (.notFound, "cannot pull x", "ErrImagePull"),
    ]) func reasons(_ code: RuntimeError.Code, _ words: String, _ expected: String)
  {
    let (reason, message) = ImagePull.failure(RuntimeError(code, words), "me/app")
    #expect(reason == expected)
    #expect(message.contains("me/app"))
    #expect(ImagePull.retried.contains(reason))
  }

  @Test("the sentence of an unavailable registry is the kubelet's") func sentence() {
    let message = ImagePull.failure(RuntimeError(.unknown, "RegistryUnavailable: cannot pull x: HTTP 503"), "x").message
    #expect(message == "image pull failed for x because the registry is unavailable: cannot pull x: HTTP 503")
  }

  @Test(
    "durations are written as Go writes them",
    arguments: [
      (Duration.zero, "0ms"), (.milliseconds(850), "850ms"), (.milliseconds(12_500), "12.5s"), (.seconds(2), "2s"),
      (.milliseconds(63_250), "1m3.25s"), (.seconds(3600 + 62), "1h1m2s"), (.microseconds(1_999), "1ms"),
    ]) func durations(_ duration: Duration, _ expected: String)
  {
    #expect(ImagePull.text(duration) == expected)
  }
}
